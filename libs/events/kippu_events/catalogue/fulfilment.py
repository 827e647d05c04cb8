"""Values of fulfilment: what a decision asks of dispatch, pinned from the terms, so that dispatch needs no plan."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from kippu_events.catalogue.values import Price
from kippu_events.event import Value


class Stretch(Value):
    """A part of a target's clock: open time counts, closed and paused time does not."""

    from_at: AwareDatetime
    to_at: AwareDatetime
    state: Literal["open", "closed", "paused"]
    reason: str | None = None
    """Why it did not count, such as `holiday`, `weekend` or `closing_day`."""
    names: dict[str, str] = Field(default_factory=dict)
    """The public holiday's, by language."""


class Target(Value):
    """What the terms aim at: by when, from when on it counts, and through which stretches. `due_on` for a day,
    `due_at` for an instant; a target is an aim, never a promise."""

    kind: str
    """`ship`, `arrive` or `answer`."""
    clause: str
    started_at: AwareDatetime
    bound: Literal["by", "from"] = "by"
    """`by`: to be done by then. `from`: not before then, and nobody is late."""
    due_on: date | None = None
    due_at: AwareDatetime | None = None
    calendar_version: str
    time_zone: str = "UTC"
    """The provider's (IANA), in which the clock is shown."""
    stretches: tuple[Stretch, ...] = ()


class ReturnTerms(Value):
    """How the defective unit comes back: `days` after the replacement's receipt; what an overdue one costs."""

    clause: str
    days: int
    remind_days_before: int
    overdue_charge: Price
    late_return: Literal["credited", "kept"]
    """Whether the charge is credited when the unit comes back late."""
    kept_parts: tuple[str, ...] = ()
    """Parts that stay with the customer, who owns them (non-return disk, QNP-11)."""


class Destination(Value):
    """Where a unit goes. The address itself is personal, and stands sealed in the event that stated it."""

    kind: Literal["registered_site", "named_place"]
    place_id: str | None = None
    """Of the place that the request names, as intake recorded it."""
    contract_id: str | None = None
    """Whose registered site it is."""
    clause: str | None = None
    """By which it goes there."""


class ShipmentNeed(Value):
    """A unit to ship: in advance, or only after the defective one was received and repaired."""

    mode: Literal["advance", "after_repair"]
    clause: str
    serial: str
    """The defective unit's."""
    model: str
    part: str | None = None
    inside: bool = False
    """True if `part` is inside the unit of this `serial`: that part is exchanged, whose own serial number nobody knows,
    and the unit stays where it is."""
    target: Target | None = None
    """None while nothing may ship yet (QNP-02: before receipt and repair)."""
    returns: ReturnTerms | None = None
    reship_charge: Price | None = None
    """What shipping again costs the customer, where the terms charge it (SVT-23)."""
    reship_clause: str | None = None
    destination: Destination | None = None
    time_zone: str
