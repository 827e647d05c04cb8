"""Values that events of several services share."""

from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from kippu_events.event import Value


class Channel(StrEnum):
    """How a request or message reached us."""

    PORTAL = "portal"
    MAIL = "mail"
    TELEPHONE = "telephone"


class WorkKind(StrEnum):
    """What an engineer's recorded time was spent on; which kinds are debited is the plan's (IIJ-07)."""

    ISOLATION = "isolation"
    IDENTIFICATION = "identification"
    VENDOR_COORDINATION = "vendor_coordination"
    REMOTE_WORK = "remote_work"
    ONSITE_WORK = "onsite_work"
    PREVENTIVE_MAINTENANCE = "preventive_maintenance"
    WAITING = "waiting"


class Outcome(StrEnum):
    """What a coverage decision can come to."""

    COVERED = "covered"
    COVERED_BY_DEBIT = "covered_by_debit"
    QUOTE = "quote"
    CONSULT = "consult"
    REFUSED = "refused"
    WAITING = "waiting"


class BlobRef(Value):
    """An encrypted blob: `digest` is the SHA-256 (hex) of the stored ciphertext, `size` that of the plain content."""

    digest: str
    size: int
    media_type: str


class ClauseFinding(Value):
    """One clause as a decision evaluated it: what went in, and what came out."""

    clause: str
    """The clause id, such as `IIJ-05`."""
    rule: str
    """The kind of rule that was evaluated, such as `in_warranty`."""
    inputs: dict[str, Any]
    result: Literal["satisfied", "refused", "waiting", "consult", "quote", "debit", "held", "not_applicable", "note"]
    text: dict[str, str]
    """The clause in the provider's language and in English, by language code."""


class Remedy(Value):
    """What would change the answer: register, renew, buy, approve, ask earlier…"""

    action: str
    clause: str
    text: dict[str, str]


class PriceLine(Value):
    """`unit_price` is in the currency's minor unit, before tax unless the price says that it is included.

    `tax_rate_permyriad` is 700 for 7 %.
    """

    product: str
    description: str
    quantity: int
    unit_price: int
    tax_rate_permyriad: int


class Price(Value):
    """What something costs, pinned from the plan it was sold under, so that billing needs no plan."""

    currency: str
    lines: tuple[PriceLine, ...]
    tax_name: str
    tax_rounding: Literal["down", "half_up"]
    payment_days: int
    """Days from the invoice's date to the day payment is due."""
    time_zone: str
    """The provider's time zone (IANA), in which the invoice's and the quote's dates are read."""
    tax_included: bool = False
    """True if the unit prices include tax."""


class Allocation(Value):
    """How many prepaid tickets of one lot a debit took."""

    lot_id: str
    quantity: int


class Stretch(Value):
    """A piece of a clock's time; `ends_at` is outside. `names` are a public holiday's, by language."""

    state: Literal["open", "closed", "paused"]
    reason: Literal["holiday", "year_end", "closing_day", "weekend", "business_day", "around_the_clock", "waiting"]
    names: dict[str, str] = Field(default_factory=dict)
    begins_at: AwareDatetime
    ends_at: AwareDatetime


class Clock(Value):
    """How a target's time ran, without gaps, from its start to what is due."""

    counts: Literal["business_days", "hours"]
    since: Literal["isolation", "receipt"]
    starts_at: AwareDatetime
    stretches: tuple[Stretch, ...]
    calendar: str
    """The version of the calendar that it was counted by."""
    time_zone: str


class Target(Value):
    """What is aimed at for a request. `by`: what is done before `due_at` is in time, and a target in hours includes
    the instant itself. `from`: it can be expected from `due_at` on, and nobody is late."""

    kind: Literal["ship", "visit", "answer"]
    service: str
    clause: str
    bound: Literal["by", "from"]
    due_on: date
    """The provider's local date of it."""
    due_at: AwareDatetime
    clock: Clock


class ReturnTerms(Value):
    """What the terms say of the return of a failed part, pinned, so that whoever waits for the part needs no plan."""

    clause: str
    days: int
    """From the local date on which the replacement was received to the last day for the return."""
    remind_days_before: tuple[int, ...]
    charge: Price
    """What an overdue return costs."""
    late_return: Literal["credited", "kept"]
    """What becomes of the charge when the part comes back after all."""
    time_zone: str


class Reply(Value):
    """What is answered to a wish beside the request itself: a written report, an answer time, a certain service."""

    about: Literal["written_report", "answer_wanted_by", "wanted_service"]
    answer: Literal["granted", "declined", "not_binding", "not_followed"]
    clause: str
