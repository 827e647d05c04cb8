"""The published shape of every event, as JSON Schema 2020-12, and whether a change to one can be read by everybody.

Two readers must survive a change: today's, who reads events written years ago, and yesterday's, who is still running
while tomorrow's writer already writes. A value that only widens an enumeration is let through: yesterday's reader parks
such an event, and goes on with it once it is updated.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, PydanticOmit, core_schema

from kippu_events.event import Event

Schema = dict[str, Any]

_WORDS = frozenset({"title", "description", "default", "examples", "$id", "$schema", "$defs"})
"""Keywords that say nothing about which bytes are valid."""


class _Wire(GenerateJsonSchema):
    """What is on the wire: a personal field is always sealed there, so its plain face is left out."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        raise PydanticOmit

    def generate(self, schema: CoreSchema, mode: Literal["validation", "serialization"] = "validation") -> Schema:
        generated = super().generate(schema, mode)
        return {"$schema": self.schema_dialect, **generated}


def schema_of(event_class: type[Event]) -> Schema:
    """The JSON Schema of an event's data."""
    schema = event_class.model_json_schema(schema_generator=_Wire)
    return {**schema, "$id": f"urn:kippu:event:{event_class.type}", "title": event_class.type}


def to_text(schema: Schema) -> str:
    """The schema as its exported file holds it."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def incompatibilities(published: Schema, now: Schema) -> list[str]:
    """What a reader of one could not read of the other, one sentence each; empty if the change is safe."""
    return list(_compare("", _Node(published, published), _Node(now, now)))


class _Node:
    """A subschema with the document that its references point into."""

    def __init__(self, schema: Schema | bool, document: Schema) -> None:
        self.document = document
        self.schema = self._resolved({} if isinstance(schema, bool) else schema)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.document["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def child(self, schema: Schema | bool) -> "_Node":
        return _Node(schema, self.document)

    @property
    def alternatives(self) -> list["_Node"]:
        """What an `anyOf` offers beside null, in order; the node itself where there is none."""
        offered = [self.child(schema) for schema in self.schema.get("anyOf", [])]
        return [node for node in offered if node.schema.get("type") != "null"] or [self]

    @property
    def nullable(self) -> bool:
        return any(self.child(schema).schema.get("type") == "null" for schema in self.schema.get("anyOf", []))

    @property
    def values(self) -> list[Any] | None:
        """The values of an enumeration or a constant."""
        return [self.schema["const"]] if "const" in self.schema else self.schema.get("enum")


def _compare(path: str, old: _Node, new: _Node) -> Iterator[str]:
    where = path or "the event"
    if "anyOf" in old.schema or "anyOf" in new.schema:
        if old.nullable and not new.nullable:
            yield f"{where}: null is no longer allowed"
        if not old.nullable and new.nullable:
            yield f"{where}: null is allowed now, which older readers refuse"
        if len(old.alternatives) != len(new.alternatives):
            yield f"{where}: other alternatives than before"
            return
        for was, is_ in zip(old.alternatives, new.alternatives, strict=True):
            yield from _compare(path, was, is_)
        return
    if old.schema.get("type") != new.schema.get("type"):
        yield f"{where}: type {old.schema.get('type', 'any')} became {new.schema.get('type', 'any')}"
        return
    yield from _compare_values(where, old, new)
    yield from _compare_fields(path, old, new)
    for keyword in ("items", "additionalProperties"):
        if isinstance(old.schema.get(keyword), dict) and isinstance(new.schema.get(keyword), dict):
            yield from _compare(f"{path}[]", old.child(old.schema[keyword]), new.child(new.schema[keyword]))
        elif old.schema.get(keyword) != new.schema.get(keyword):
            yield f"{where}: {keyword} changed"
    handled = {"type", "const", "enum", "properties", "required", "items", "additionalProperties", *_WORDS}
    for keyword in sorted((old.schema.keys() | new.schema.keys()) - handled):
        if old.schema.get(keyword) != new.schema.get(keyword):
            yield f"{where}: {keyword} {old.schema.get(keyword)!r} became {new.schema.get(keyword)!r}"


def _compare_values(where: str, old: _Node, new: _Node) -> Iterator[str]:
    if (old.values is None) != (new.values is None):
        yield f"{where}: an enumeration became free, or the other way round"
    elif old.values is not None and new.values is not None:
        gone = [value for value in old.values if value not in new.values]
        if gone:
            yield f"{where}: no longer allowed: {', '.join(map(str, gone))}"


def _compare_fields(path: str, old: _Node, new: _Node) -> Iterator[str]:
    before, after = old.schema.get("properties", {}), new.schema.get("properties", {})
    was_required, is_required = set(old.schema.get("required", ())), set(new.schema.get("required", ()))
    for name in before:
        field = f"{path}.{name}".lstrip(".")
        if name not in after:
            yield f"{field}: removed"
            continue
        if name in is_required - was_required:
            yield f"{field}: became required, which older events may lack"
        if name in was_required - is_required:
            yield f"{field}: no longer required, but older readers need it"
        yield from _compare(field, old.child(before[name]), new.child(after[name]))
    for name in after.keys() - before.keys():
        if name in is_required:
            yield f"{f'{path}.{name}'.lstrip('.')}: new and required, which older events lack"
