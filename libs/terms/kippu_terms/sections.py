"""The sections of a plan file: the calendar, and one for each thing that the terms decide.

Every rule carries the id of the clause it obeys. Unknown settings are refused, so that a misspelt one is noticed.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from kippu_terms.calendar import Hours
from kippu_terms.fulfilment import Channel
from kippu_terms.money import Currency, Rounding
from kippu_terms.orders.rules import AnyOrderRule
from kippu_terms.refusal import Fault, Refused
from kippu_terms.registration import DocumentTerms, RegistrationTerms
from kippu_terms.rules import AnyRule
from kippu_terms.value import ClauseId, Flag, Integer, LocalDate, LocalTime, Name, Obeyed, Text, Value

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
"""A day of any year, `MM-DD`."""


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


class Pause(Value):
    """Closed from the first time on; the second is open again."""

    closes: LocalTime
    opens: LocalTime


class OpeningHours(Value):
    """`opens` is inside, `closes` is outside."""

    clause: ClauseId
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = _WEEKDAYS[:5]
    opens: LocalTime
    closes: LocalTime
    on_holidays: Flag = False
    pause: Pause | None = None
    """Such as at noon."""

    @model_validator(mode="after")
    def _pauses_within(self) -> Self:
        if self.pause and not self.opens < self.pause.closes < self.pause.opens < self.closes:
            raise ValueError("a pause lies within the hours: it closes after they open, and opens before they close")
        return self

    def hours(self) -> Hours:
        return Hours(
            self.opens,
            self.closes,
            frozenset(map(_WEEKDAYS.index, self.weekdays)),
            self.on_holidays,
            (self.pause.closes, self.pause.opens) if self.pause else None,
        )


class YearEnd(Value):
    """The year-end closing, first and last day inclusive."""

    first: MonthDay
    last: MonthDay

    def days(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """First and last as (month, day)."""
        return _month_day(self.first), _month_day(self.last)


class CalendarSection(Value):
    year_end: YearEnd | None = None
    closing_days: frozenset[LocalDate] = frozenset()
    """The provider's own closing days."""
    added_holidays: frozenset[LocalDate] = frozenset()
    """Public holidays that the calendar in use does not know, such as one decreed lately."""
    cancelled_holidays: frozenset[LocalDate] = frozenset()
    hours: dict[Name, OpeningHours] = Field(default_factory=dict)
    """Empty where the terms name none: what is received counts at once, on any day."""


class Touchpoints(Value):
    """Where requests arrive."""

    clause: ClauseId
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    subject_prefix: str | None = None
    """What the subject of a mail starts with to open a ticket; case and leading blanks are ignored."""

    def opens_ticket(self, subject: str) -> bool:
        """True if a mail with this subject is a request."""
        if self.subject_prefix is None:
            return True
        return subject.lstrip().casefold().startswith(self.subject_prefix.casefold())


class Enquiries(Value):
    """Whom a customer asks about sales."""

    clause: ClauseId
    to: Literal["salesperson"]


class IntakeSection(Value):
    touchpoints: Touchpoints
    ticket_number: Obeyed | None = None
    thread: Obeyed | None = None
    enquiries: Enquiries | None = None


class Category(Value):
    """What a request can be about."""

    id: Name
    name: Text
    needs_asset: Flag = True
    """True if it cannot be decided without knowing the device or service."""


class CoverageSection(Value):
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    rules: Annotated[tuple[AnyRule, ...], Field(min_length=1)]
    """In the order in which they decide: the first that settles the outcome is the deciding one."""

    def category(self, category_id: str | None) -> Category | None:
        return next((category for category in self.categories if category.id == category_id), None)


class OrderingSection(Value):
    """What an order has to keep to, beside being for a product that is sold."""

    rules: tuple[AnyOrderRule, ...] = ()
    """All of them judge every order; the first that objects names the clause."""


class Ending(Value):
    """A contract ends by itself; who holds it may be told before."""

    clause: ClauseId
    remind_months_before: Annotated[tuple[Annotated[Integer, Field(ge=1, le=24)], ...], Field(max_length=3)] = ()
    """Without any, no notice is given."""


class Changes(Value):
    """Changes of what is registered with a contract, such as its site."""

    clause: ClauseId
    hours: Name | None = None
    """The desk's; what is asked for outside them takes effect when it opens. Without them, at once."""


class ContractsSection(Value):
    """What holds of every contract that was sold."""

    sold_with: Literal["order", "payment"] = "order"
    """When a contract comes into being: with the accepted order, or once that is paid."""
    ending: Ending | None = None
    registration: RegistrationTerms | None = None
    """Without it, a contract gives its service as it was sold."""
    changes: Changes | None = None
    documents: tuple[DocumentTerms, ...] = ()


class Tax(Value):
    name: str
    rate_permyriad: Annotated[Integer, Field(ge=0, le=10_000)]
    rounding: Rounding
    included: Flag = False
    """True if prices include this tax; it is then taken out of the total, once."""
    withholding_permyriad: Annotated[Integer, Field(ge=1, le=10_000)] | None = None
    """So much of the amount before tax a customer may withhold and pay to the authorities for the provider, who is sent
    a certificate of it; None where nobody may. 300 is 3 %."""


class Metering(Value):
    """How recorded work becomes prepaid tickets: one per started `unit_minutes`."""

    clause: ClauseId
    unit_minutes: Annotated[Integer, Field(ge=1, le=1440)]
    summed_over: Literal["request", "entry"]
    """`request`: all minutes of a request are added up first; `entry`: each entry is counted by itself."""
    minimum: Annotated[Integer, Field(ge=0)]
    """At least so many once counted work is recorded."""
    counted_kinds: Annotated[frozenset[Name], Field(min_length=1)]


class Lots(Value):
    """When a lot of prepaid tickets begins to be valid."""

    clause: ClauseId
    runs_from: Literal["order", "payment"]


class Offer(Value):
    """What is offered when a wallet has too little."""

    clause: ClauseId
    product: Name
    valid_days: Annotated[Integer, Field(ge=0, le=366)]


class QuoteTerms(Offer):
    """What is offered where a rule of coverage finds, by this clause, that a request is not included."""

    gives: Name | None = None
    """The service by which it is then done; without it, the one that the request gets anyway."""
    prepaid: Flag = False
    """Work begins once it is paid; without it, once it is accepted."""


RunsFrom = Literal["order", "payment", "delivery", "asset_purchase", "after_renewed"]
"""From what a lot's or a contract's period runs; `after_renewed`: from the day after the contract that it renews."""


class Product(Value):
    """What can be ordered: a lot of prepaid tickets, a maintenance contract, an option of one, a licence, a service
    that is booked; or a charge."""

    id: Name
    clause: ClauseId
    name: Text
    kind: Literal["tickets", "maintenance", "option", "licence", "service", "charge"] = "tickets"
    """A charge is raised by the provider, and never ordered."""
    part_number: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    """What it is ordered by on paper."""
    group: Name | None = None
    """Products that belong together, such as the packs of one family; rules of ordering speak on groups."""
    tickets: Annotated[Integer, Field(ge=0, le=100_000)] = 0
    unit_price: Annotated[Integer, Field(ge=0, le=1_000_000_000_000)]
    """In the currency's minor unit; before tax, unless the plan's tax says that prices include it."""
    illustrative: Flag
    """True if the source states no price and this one only shows how it works."""
    validity_months: Annotated[Integer, Field(ge=1, le=600)] | None = None
    """How long the lot or the contract lasts; an option ends with its contract."""
    runs_from: RunsFrom | None = None
    """Without it, from the order, and for prepaid tickets as the plan's lots say."""
    renewal: Flag = False
    """True if it renews a contract that is held, and is sold for nothing else."""
    bundle_of: Name | None = None
    """The model of the device that it is sold together with."""
    only_with: frozenset[Name] = frozenset()
    """An option is sold with one of these products only."""
    quoted_only: Flag = False
    """Sold only where a quote for it was accepted."""
    max_quantity: Annotated[Integer, Field(ge=1, le=10_000)] = 100
    tax_rate_permyriad: Annotated[Integer, Field(ge=0, le=10_000)] | None = None
    """Where it differs from the plan's."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.kind == "tickets") != (self.tickets > 0):
            raise ValueError("a product of kind `tickets`, and no other, has at least one in `tickets`")
        if (self.kind in ("tickets", "maintenance")) != (self.validity_months is not None):
            raise ValueError("tickets and maintenance, and nothing else, last for `validity_months`")
        if (self.kind == "option") != bool(self.only_with):
            raise ValueError("an option, and nothing else, says `only_with` which products it is sold")
        return self

    @model_validator(mode="after")
    def _runs_from_something(self) -> Self:
        if self.runs_from is not None and self.validity_months is None:
            raise ValueError("only what lasts for `validity_months` says `runs_from` when that begins")
        if self.kind == "tickets" and self.runs_from not in (None, "order", "payment"):
            raise ValueError("prepaid tickets run from the `order` or the `payment`")
        if self.renewal and self.kind != "maintenance":
            raise ValueError("a `renewal` is of kind `maintenance`")
        if self.runs_from == "after_renewed" and not self.renewal:
            raise ValueError("only a `renewal` runs from after what it renews")
        return self

    def description(self, language: str) -> str:
        return self.name.get(language) or self.name["en"]

    def check_quantity(self, quantity: int) -> None:
        """Raises Refused for a quantity that is not sold."""
        if not 1 <= quantity <= self.max_quantity:
            message = f"{self.id} is sold from 1 to {self.max_quantity} at a time, not {quantity}"
            raise Refused(Fault("quantity_out_of_range", message, "quantity", self.clause))


class CommercialSection(Value):
    currency: Currency
    payment_days: Annotated[Integer, Field(ge=0, le=366)]
    tax: Tax
    metering: Metering | None = None
    lots: Lots | None = None
    offer: Offer | None = None
    quotes: tuple[QuoteTerms, ...] = ()
    """What is not included and has no entry here is quoted by a person."""
    invoice_mail: Obeyed | None = None
    """The invoice of an order is mailed to who ordered, on its acceptance."""
    products: tuple[Product, ...] = ()
