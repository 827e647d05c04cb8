"""What an event is: a frozen pydantic model, registered once under its CloudEvents type."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

import orjson
from kippu_privacy import Personal, Plain
from pydantic import AwareDatetime, BaseModel, ConfigDict


class UnknownEventType(LookupError):
    """No such type in the catalogue: somebody publishes what this build does not know yet."""


class UnknownEventVersion(UnknownEventType):
    """The type is known, this version of it is not. A consumer that subscribes to it stops: it is no poison."""


class Value(BaseModel):
    """A value inside an event. Unknown newer fields are ignored, so that an old reader survives a new writer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """A fact. `occurred_at` says when it was true in business time; the log adds when it was recorded."""

    type: ClassVar[str]
    """CloudEvents type, such as `kippu.entitlement.TicketDebited.v1`."""
    publisher: ClassVar[str]
    """The service whose log it lives in."""
    personal_fields: ClassVar[tuple[str, ...]] = ()
    """Names of the top-level fields that hold personal data."""

    occurred_at: AwareDatetime


AnEvent = TypeVar("AnEvent", bound="Event")

_catalogue: dict[str, type[Event]] = {}
_upcasters: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}


def published_by(publisher: str, version: int = 1) -> Callable[[type[AnEvent]], type[AnEvent]]:
    """Registers an event class in the catalogue as `kippu.{publisher}.{class name}.v{version}`."""

    def register(event_class: type[AnEvent]) -> type[AnEvent]:
        name = f"kippu.{publisher}.{event_class.__name__}.v{version}"
        if name in _catalogue:
            raise ValueError(f"event type {name} is defined twice")
        event_class.type = name
        event_class.publisher = publisher
        event_class.personal_fields = tuple(
            field for field, info in event_class.model_fields.items() if _is_personal(info.annotation, info.metadata)
        )
        _catalogue[name] = event_class
        return event_class

    return register


def _is_personal(annotation: Any, metadata: list[Any]) -> bool:
    """True for `Personal` and for `Personal | None`."""
    if "personal" in metadata or "personal" in getattr(annotation, "__metadata__", ()):
        return True
    return any(_is_personal(member, []) for member in getattr(annotation, "__args__", ()))


def upcast(old_type: str, new_type: type[Event]) -> Callable[[Callable[[dict[str, Any]], dict[str, Any]]], Any]:
    """Registers how the data of an old version becomes that of a newer one; upcasters are followed in chains."""

    def register(function: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
        _upcasters[old_type] = (new_type.type, function)
        return function

    return register


def catalogue() -> Mapping[str, type[Event]]:
    """Every event type that this build knows, by its CloudEvents type."""
    import kippu_events.catalogue  # noqa: F401, PLC0415  registers all events on first use

    return _catalogue


@lru_cache(maxsize=4096)
def _known_names() -> frozenset[str]:
    names = set(catalogue()) | set(_upcasters)
    return frozenset(name.rsplit(".", 1)[0] for name in names)


def newest_type(type_name: str) -> str:
    """The type that events of this type are decoded to: itself, or where its upcasters lead."""
    if type_name not in catalogue():
        while type_name in _upcasters:
            type_name = _upcasters[type_name][0]
    return type_name


def decode(type_name: str, data: bytes) -> Event:
    """The event behind stored bytes, upcast to the version this build works with.

    Raises UnknownEventVersion or UnknownEventType, or pydantic's ValidationError for bytes that are not what the type
    says (poison).
    """
    event_class = catalogue().get(type_name)
    if event_class is not None:
        return event_class.model_validate_json(data)
    if type_name in _upcasters:
        fields = orjson.loads(data)
        while type_name in _upcasters:
            type_name, function = _upcasters[type_name]
            fields = function(fields)
        return catalogue()[type_name].model_validate_json(orjson.dumps(fields))
    if type_name.rsplit(".", 1)[0] in _known_names():
        raise UnknownEventVersion(f"{type_name}: a newer version than this build knows; update before going on")
    raise UnknownEventType(type_name)


def encode(event: Event) -> bytes:
    """The bytes to store. Raises PlainNotSealed if a personal field was not sealed."""
    return event.__pydantic_serializer__.to_json(event, exclude_none=True)


def personal_values(event: Event) -> dict[str, Plain]:
    """The personal fields that still hold plain values, by field name."""
    values = {name: getattr(event, name) for name in event.personal_fields}
    return {name: value for name, value in values.items() if isinstance(value, Plain)}


__all__ = [
    "Event",
    "Personal",
    "UnknownEventType",
    "UnknownEventVersion",
    "Value",
    "catalogue",
    "decode",
    "encode",
    "newest_type",
    "personal_values",
    "published_by",
    "upcast",
]
