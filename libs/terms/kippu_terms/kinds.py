"""Kinds of rule by name: how a plan file's `kind` becomes the class that obeys it."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

ARule = TypeVar("ARule", bound=BaseModel)
OneRule = TypeVar("OneRule", bound=BaseModel)


class Kinds(Generic[ARule]):
    """A register of kinds. As the metadata of an annotated type it tells pydantic to read a rule as the class that its
    `kind` names."""

    def __init__(self) -> None:
        self._classes: dict[str, type[ARule]] = {}

    def register(self, rule_class: type[OneRule]) -> type[OneRule]:
        """Under the default of its `kind` field. Raises TypeError where it has none, or another rule's."""
        kind = rule_class.model_fields["kind"].default
        if not isinstance(kind, str) or kind in self._classes:
            raise TypeError(f"{rule_class.__name__}: `kind` needs a default that no other rule has")
        classes: dict[str, Any] = self._classes
        classes[kind] = rule_class
        return rule_class

    def by_name(self) -> Mapping[str, type[ARule]]:
        """Every kind, by name."""
        return dict(self._classes)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind: handler.generate_schema(rule_class) for kind, rule_class in sorted(self._classes.items())}
        return core_schema.tagged_union_schema(choices, discriminator="kind")
