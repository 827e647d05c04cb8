"""What a rule is: it looks at the case and says what its clause makes of it. It decides nothing alone."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic import AwareDatetime, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from kippu_terms.facts import AssetFacts, Facts, RequestFacts
from kippu_terms.services import Given, given
from kippu_terms.value import ClauseId, Name, Text, Value

if TYPE_CHECKING:
    from kippu_terms.plan import Plan

Result = Literal["satisfied", "refused", "waiting", "consult", "quote", "debit", "held", "not_applicable", "note"]
"""What one clause came to; the same words as the catalogue's ClauseFinding."""


class VisitNeed(Value):
    """Work at a wanted time; `held` if it is the dispatcher's to accept, postpone or decline."""

    wanted_at: AwareDatetime
    minutes: int
    held: bool
    notice_days: int
    clause: str


FailedPart = Literal["returned_later", "sent_first", "taken_away", "handed_over"]
"""What becomes of the failed part: the customer returns it after the replacement came, or sends it in before anything
ships; the engineer takes it away, or hands it over to the customer, who owns it from then on."""


class Reply(Value):
    """What is answered to a wish beside the request itself, such as `written_report`: `declined`."""

    about: Literal["written_report", "answer_wanted_by", "wanted_service"]
    answer: Literal["granted", "declined", "not_binding", "not_followed"]
    clause: str


@dataclass(frozen=True)
class Case:
    """What a rule may look at: the terms, and the facts."""

    plan: "Plan"
    facts: Facts

    @property
    def request(self) -> RequestFacts:
        return self.facts.request

    @property
    def asset(self) -> AssetFacts | None:
        return self.facts.asset

    @property
    def received_on(self) -> date:
        """The provider's local date on which the request was received."""
        return self.plan.calendar.local_date(self.request.received_at)

    @cached_property
    def given(self) -> Given | None:
        """The service that the request gets, if any."""
        return given(self.plan.fulfilment, self.facts, self.received_on)

    @property
    def counts_from(self) -> datetime:
        """When the request counts as received: outside the service's hours, at their next opening."""
        hours = self.given.service.reception if self.given else None
        return self.plan.calendar.counts_from(hours, self.request.received_at) if hours else self.request.received_at


class RemedyText(Value):
    """What the customer or the provider can do to change the answer; `$name` stands for one of the rule's inputs."""

    action: Name
    text: Text


@dataclass(frozen=True)
class Verdict:
    """What one rule found: its result, what it looked at, and what follows from it."""

    result: Result
    inputs: Mapping[str, Any] = field(default_factory=dict)
    waiting_for: str | None = None
    metered: bool = False
    quantity: int | None = None
    visit: VisitNeed | None = None
    failed_part: FailedPart | None = None
    reply: Reply | None = None
    remedy: RemedyText | None = None
    """Where what it found asks for another remedy than the rule's own."""


class Rule(Value):
    """One rule of a plan. Its parameters are its fields."""

    kind: str
    clause: ClauseId
    remedy: RemedyText | None = None
    categories: frozenset[Name] | None = None
    """Speaks on these categories only; without it, on all."""
    services: frozenset[Name] | None = None
    """Speaks where one of these services is given; without it, always."""
    needs_visits: ClassVar[bool] = False
    needs_metering: ClassVar[bool] = False
    """Sections of the plan without which a rule of this kind cannot be obeyed."""

    def verdict(self, case: Case) -> Verdict:
        """What it makes of a case, if it speaks on it."""
        category, service = case.request.category, case.given.service.id if case.given else None
        if self.categories is not None and category not in self.categories:
            return Verdict("not_applicable", {"category": category})
        if self.services is not None and service not in self.services:
            return Verdict("not_applicable", {"service": service})
        return self.judge(case)

    def names_services(self) -> Mapping[str, Iterable[str]]:
        """Setting → services of the plan that it names, beside `services`."""
        return {}

    def names_products(self) -> Mapping[str, Iterable[str]]:
        """Setting → products of the plan that it names."""
        return {}

    @abstractmethod
    def judge(self, case: Case) -> Verdict:
        """Pure: the same case gets the same verdict."""


ARule = TypeVar("ARule", bound=Rule)
_kinds: dict[str, type[Rule]] = {}


def rule_kind(rule_class: type[ARule]) -> type[ARule]:
    """Registers a kind of rule under the default of its `kind` field."""
    kind = rule_class.model_fields["kind"].default
    if not isinstance(kind, str) or kind in _kinds:
        raise TypeError(f"{rule_class.__name__}: `kind` needs a default that no other rule has")
    _kinds[kind] = rule_class
    return rule_class


def kinds() -> Mapping[str, type[Rule]]:
    """Every kind of rule, by name."""
    return dict(_kinds)


class ByKind:
    """Tells pydantic to read a rule as the class that its `kind` names."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind: handler.generate_schema(rule_class) for kind, rule_class in sorted(_kinds.items())}
        return core_schema.tagged_union_schema(choices, discriminator="kind")
