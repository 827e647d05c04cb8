"""The facts of an event as a page shows them: which of them, and each as what it is, to be said in a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from kippu_events.event import Event
from pydantic import AwareDatetime


@dataclass(frozen=True, slots=True)
class Known:
    """One of a few values that have words, such as an outcome."""

    value: str


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a fact, as events that say what changed have it."""

    fact: str


@dataclass(frozen=True, slots=True)
class Money:
    amount: int
    """In the minor unit."""
    currency: str


Kind = Literal["text", "known", "named", "number", "money", "yes_or_no", "instant"]

_KINDS: dict[Any, Kind] = {str: "text", int: "number", bool: "yes_or_no", AwareDatetime: "instant", date: "text"}
_MONEY = {"amount", "total", "net", "outstanding", "paid_back", "withheld", "fee", "price_paid"}
_KNOWN = {"category", "channel", "language", "mode", "owner", "part", "template", "topic", "waiting_for"}
"""Texts of which a few are known by all terms; any other is shown as it stands."""
_NAMED = {"changed", "taken_over"}
_NOT_SHOWN = {"occurred_at", "customer_id", "ticket_no", "received_at", "currency", "time_zone", "subject_mark"}
"""What the page says anyway, or says with something else."""


@cache
def facts_of(event: type[Event]) -> Mapping[str, Kind]:
    """The facts that an event can show, in its order, and what each is. What has parts is told by the page, if at all.
    A hash is no fact: it stands for something that only its holder may know."""
    kinds = {
        name: _kind(name, field.annotation)
        for name, field in event.model_fields.items()
        if name not in _NOT_SHOWN and name not in event.personal_fields and not name.endswith("_hash")
    }
    return {name: kind for name, kind in kinds.items() if kind is not None}


def known_values(annotation: Any) -> tuple[str, ...]:
    """The values that a field of a type may have, where they are a few."""
    one = _one_of(annotation)
    if get_origin(one) is Literal:
        return get_args(one)
    return tuple(one) if isinstance(one, type) and issubclass(one, StrEnum) else ()


def _kind(name: str, annotation: Any) -> Kind | None:
    if known_values(annotation):
        return "known"
    kind = _KINDS.get(_one_of(annotation))
    if kind == "text" and name in _KNOWN:
        return "known"
    if kind == "text" and name in _NAMED:
        return "named"
    return "money" if kind == "number" and name in _MONEY else kind


def _one_of(annotation: Any) -> Any:
    """What is said, of what may be left out, or said several times."""
    members = [each for each in get_args(annotation) if each not in (NoneType, Ellipsis)]
    if get_origin(annotation) in (Union, UnionType, tuple) and len(members) == 1:
        return _one_of(members[0])
    return annotation


def shown(event: type[Event], data: Mapping[str, Any], currency: str | None) -> list[tuple[str, Any]]:
    """The facts of one event by name, from its data as JSON; those that say nothing are left out. Amounts of no known
    currency are shown as they stand."""
    facts = []
    for name, kind in facts_of(event).items():
        value = data.get(name)
        if value not in (None, "", []):
            each = [_said(kind, one, currency) for one in (value if isinstance(value, list) else [value])]
            facts.append((name, each if isinstance(value, list) else each[0]))
    return facts


def _said(kind: Kind, value: Any, currency: str | None) -> Any:
    match kind:
        case "known":
            return Known(value)
        case "named":
            return Named(value)
        case "money" if currency:
            return Money(value, currency)
        case "instant":
            return datetime.fromisoformat(value)
    return value
