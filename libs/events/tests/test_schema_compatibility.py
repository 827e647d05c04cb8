"""The compatibility checker itself: what it lets through, and that each incompatible change is seen."""

from typing import Any, Literal, cast

import pytest
from kippu_events.catalogue.intake import TicketOpened
from kippu_events.event import Event, Value
from kippu_events.schemas import incompatibilities, schema_of
from pydantic import Field, create_model


class Line(Value):
    lot_id: str
    quantity: int


class Debited(Event):
    type = "kippu.test.Debited.v1"
    ticket_no: str
    quantity: int
    kind: Literal["isolation", "waiting"]
    lines: tuple[Line, ...]
    first: Line | None = None
    note: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)


def changed(**fields: object) -> type[Event]:
    """`Debited` with other fields; None takes one away."""
    kept = {name: (info.annotation, info) for name, info in Debited.model_fields.items() if name not in fields}
    new = {name: definition for name, definition in fields.items() if definition is not None}
    definitions: dict[str, Any] = kept | new
    model = cast(Any, create_model("Debited", __base__=Value, **definitions))
    model.type = Debited.type
    return cast(type[Event], model)


class RenamedLine(Value):
    lot: str
    quantity: int


class LongerLine(Value):
    lot_id: str
    quantity: int
    note: str | None = None


def test_given_no_change_then_there_is_nothing_to_report() -> None:
    assert incompatibilities(schema_of(Debited), schema_of(changed())) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": (str | None, None)},
        {"kind": (Literal["isolation", "waiting", "travel"], ...)},
        {"lines": (tuple[LongerLine, ...], ...)},
        {"first": (LongerLine | None, None)},
    ],
    ids=["an optional field", "a wider enumeration", "an optional field in a list", "an optional field in a value"],
)
def test_given_an_addition_then_it_is_compatible(fields: dict[str, object]) -> None:
    assert incompatibilities(schema_of(Debited), schema_of(changed(**fields))) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"note": None}, "note: removed"),
        ({"ticket_no": None, "number": (str, ...)}, "number: new and required"),
        ({"quantity": (str, ...)}, "quantity: type integer became string"),
        ({"reason": (str, ...)}, "reason: new and required"),
        ({"note": (str, ...)}, "note: became required"),
        ({"quantity": (int, 1)}, "quantity: no longer required"),
        ({"quantity": (int | None, ...)}, "quantity: null is allowed now"),
        ({"kind": (Literal["isolation"], ...)}, "kind: no longer allowed: waiting"),
        ({"kind": (str, ...)}, "kind: an enumeration became free"),
        ({"lines": (tuple[RenamedLine, ...], ...)}, "lines[].lot_id: removed"),
        ({"first": (RenamedLine | None, None)}, "first.lot: new and required"),
        ({"labels": (dict[str, int], {})}, "labels[]: type string became integer"),
        ({"note": (str | int | None, None)}, "note: other alternatives"),
    ],
)
def test_given_an_incompatible_change_then_it_is_named(fields: dict[str, object], said: str) -> None:
    found = incompatibilities(schema_of(Debited), schema_of(changed(**fields)))
    assert any(sentence.startswith(said) for sentence in found), found


def test_a_personal_field_is_published_as_sealed_only() -> None:
    subject = schema_of(TicketOpened)["properties"]["subject"]
    assert "Plain" not in str(subject)
    assert "Sealed" in str(subject)
