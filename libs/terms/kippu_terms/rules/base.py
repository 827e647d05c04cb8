"""What a rule is: it looks at the case and says what its clause makes of it. It decides nothing alone."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import AwareDatetime

from kippu_terms.facts import AssetFacts, ContractFacts, Facts, RequestFacts
from kippu_terms.findings import STATE_FACTS, RemedyText, Result
from kippu_terms.kinds import Kinds
from kippu_terms.services import Given, bought, contract_of, given
from kippu_terms.value import ClauseId, Name, Value

if TYPE_CHECKING:
    from kippu_terms.plan import Plan


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

    about: Literal["written_report", "answer_wanted_by", "wanted_service", "configuration", "exchange", "kept_list"]
    answer: Literal[
        "granted",
        "declined",
        "not_binding",
        "not_followed",
        "restored",
        "not_restored",
        "by_customer",
        "by_engineer",
        "kept",
    ]
    clause: str


Category = str | None
"""A category of requests; None for one that nobody has classified yet."""


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
        """The service that the request gets, if any: what was bought for it, or what the terms include."""
        included = given(self.plan.fulfilment, self.facts, self.received_on)
        return bought(self.plan.quoted_services, self.facts, included) or included

    @property
    def contract(self) -> ContractFacts | None:
        """The contract under which it gets it, or which would give it one but waits for the delivery of the device."""
        return contract_of(self.plan.fulfilment, self.facts, self.given)

    @property
    def contracts(self) -> list[dict[str, str | None]]:
        """The contracts for the device, as a finding shows what it looked at."""
        return [
            {
                "product": each.product,
                "from": each.valid_from.isoformat() if each.valid_from else None,
                "until": each.valid_until.isoformat() if each.valid_until else None,
            }
            for each in self.facts.contracts
        ]

    @property
    def counts_from(self) -> datetime:
        """When the request counts as received: outside the service's hours, at their next opening."""
        hours = self.given.service.reception if self.given else None
        return self.plan.calendar.counts_from(hours, self.request.received_at) if hours else self.request.received_at


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


def not_known(inputs: Mapping[str, Any], *facts: str) -> Verdict:
    """Waits until facts are stated, which are named by their paths; the rule's own remedy would not change that."""
    return Verdict("waiting", {**inputs, "unknown": [*facts]}, waiting_for="classification", remedy=STATE_FACTS)


class Rule(Value):
    """One rule of a plan. Its parameters are its fields."""

    kind: str
    clause: ClauseId
    remedy: RemedyText | None = None
    categories: frozenset[Name] | None = None
    """Speaks on these categories only; without it, on all."""
    services: frozenset[Name] | None = None
    """Speaks where one of these services is given; without it, always."""
    blanks: ClassVar[frozenset[str]] = frozenset()
    """What `$name` in its remedy can stand for: inputs that it states wherever that remedy is named."""
    more_blanks: ClassVar[Mapping[str, frozenset[str]]] = {}
    """What more it can stand for in a remedy of another field, by that field's name."""
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

    @property
    def may_settle(self) -> bool:
        """False if it never settles an outcome, whatever the case: it notes something, or says what follows."""
        return True

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        """Of the categories on which it speaks, those on which it settles the outcome of every request."""
        return frozenset()

    @abstractmethod
    def judge(self, case: Case) -> Verdict:
        """Pure: the same case gets the same verdict."""


KINDS: Kinds[Rule] = Kinds()
rule_kind = KINDS.register
"""Registers a kind of rule."""

__all__ = [
    "KINDS",
    "Case",
    "FailedPart",
    "RemedyText",
    "Reply",
    "Result",
    "Rule",
    "Verdict",
    "VisitNeed",
    "not_known",
    "rule_kind",
]
