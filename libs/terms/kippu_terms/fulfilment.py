"""The `[fulfilment]` section of a plan file: which services there are, what each aims at, and what comes back.

A service is how a request is served: a replacement that ships first, a repair, a visit, an answer. Which one a request
gets follows from its category, the contracts in force and the warranty (`services.py`), never from a wish.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from kippu_terms.value import ClauseId, Flag, Integer, LocalTime, Name, Text, Value

Channel = Literal["portal", "mail", "telephone"]
Way = Literal["exchange", "repair", "visit", "answer"]
"""`exchange`: a replacement ships, the failed part comes back later. `repair`: the failed part is sent in, and what is
repaired ships after that. `visit`: an engineer goes there. `answer`: a question is answered."""

Bound = Literal["by", "from"]
"""`by`: to be done by then. `from`: not before then, and no promise of an end."""


class Visits(Value):
    """Work at a time that the customer wants."""

    clause: ClauseId
    hours: Name
    """The business hours; work that begins outside them or runs past their end needs notice."""
    assumed_minutes: Annotated[Integer, Field(ge=1, le=1440)]
    """How long a visit takes where nobody has said."""


class SameDay(Value):
    """When the day itself, if it is a business day, is aimed at rather than a later one."""

    until: LocalTime | None = None
    """What counts is by this time of day; the time itself is inside."""
    within: Name | None = None
    """What counts is within these hours."""
    bound: Bound

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.until is None) == (self.within is None):
            raise ValueError("state `until` or `within`, one of them")
        return self


class TargetTerm(Value):
    """What a service aims at. It is counted in business days, or in hours straight through nights and holidays."""

    kind: Literal["ship", "visit", "answer"]
    clause: ClauseId
    counts_from: Literal["isolation", "receipt"]
    business_days: Annotated[Integer, Field(ge=1, le=260)] | None = None
    """So many business days after the day on which it begins to count."""
    hours: Annotated[Integer, Field(ge=1, le=8784)] | None = None
    bound: Bound = "by"
    same_day: SameDay | None = None
    areas: frozenset[Name] | None = None
    """Holds in these areas only; without it, wherever no earlier term of the service does."""

    @model_validator(mode="after")
    def _counts_something(self) -> Self:
        if (self.business_days is None) == (self.hours is None):
            raise ValueError("state `business_days` or `hours`, one of them")
        if self.hours is not None and (self.same_day is not None or self.bound != "by"):
            raise ValueError("hours are counted straight through: `same_day` and `bound` do not fit them")
        return self


class Service(Value):
    """A way in which requests are served, and when it applies."""

    id: Name
    clause: ClauseId
    name: Text
    way: Way
    categories: Annotated[frozenset[Name], Field(min_length=1)]
    products: frozenset[Name] = frozenset()
    """Applies under a contract for one of these; without any, no contract is needed."""
    quoted_only: Flag = False
    """Given only where a quote for it was accepted."""
    registered_first: Flag = False
    """Applies only under a contract whose registration was complete when the fault happened."""
    warranty: Literal["in", "after"] | None = None
    """Applies only up to the last day of the maker's warranty, or only after it."""
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    reception: Name | None = None
    """The hours in which requests are received; without them, always."""
    areas: frozenset[Name] | None = None
    """Where it is given without consultation; without it, everywhere."""
    consult_areas: frozenset[Name] = frozenset()
    consult_on_islands: Flag = False
    starts_months_after_delivery: Annotated[Integer, Field(ge=0, le=24)] | None = None
    """Outside `areas` it starts on the 1st of so many months after that of the delivery, at the earliest."""
    skill: Name | None = None
    """What an engineer has to be able to do to be sent, as the provider's roster calls it."""
    targets: tuple[TargetTerm, ...] = ()

    @field_validator("skill")
    @classmethod
    def _on_site_only(cls, skill: str | None, info: ValidationInfo) -> str | None:
        if skill is not None and info.data.get("way", "visit") != "visit":
            raise ValueError('nobody is sent for this service: `skill` needs `way = "visit"`')
        return skill

    def target_in(self, area: str | None) -> TargetTerm | None:
        """What is aimed at in an area; None if nothing is."""
        return next((term for term in self.targets if term.areas is None or area in term.areas), None)

    def serves(self, area: str | None) -> bool:
        """True if an area needs no consultation, islands aside."""
        return (self.areas is None or area in self.areas) and area not in self.consult_areas


class Returns(Value):
    """The return of a failed part whose replacement went out first."""

    clause: ClauseId
    days: Annotated[Integer, Field(ge=1, le=366)]
    """Days after the replacement was received until the failed part is due."""
    remind_days_before: Annotated[tuple[Annotated[Integer, Field(ge=1, le=366)], ...], Field(max_length=1)] = ()
    """At most one reminder."""
    charge_product: Name
    """What an overdue return costs, as a product of the plan."""
    late_return: Literal["credited", "kept"]
    """What becomes of the charge when the part comes back after all."""


class Carriage(Value):
    """Who pays for carriage."""

    clause: ClauseId
    paid_by: Literal["sender", "provider", "customer"]

    def payer(self, sender: Literal["provider", "customer"]) -> Literal["provider", "customer"]:
        return sender if self.paid_by == "sender" else self.paid_by


class Reshipment(Value):
    """What is charged for shipping again what could not be received at the site."""

    clause: ClauseId
    charge_product: Name
    """The carriage, as a product of the plan."""


class FulfilmentSection(Value):
    visits: Visits | None = None
    services: tuple[Service, ...] = ()
    """The first that applies is given."""
    returns: Returns | None = None
    carriage: Carriage | None = None
    reshipment: Reshipment | None = None
    """Without it, shipping again costs the customer nothing."""

    def service(self, service_id: str) -> Service:
        """Raises KeyError for a service that there is not."""
        for service in self.services:
            if service.id == service_id:
                return service
        raise KeyError(service_id)
