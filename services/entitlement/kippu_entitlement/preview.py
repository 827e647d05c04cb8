"""What the terms would say, without asking anybody to do anything: the decision as a pure function of what is sent."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Annotated, Any, cast

from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.values import Reply
from kippu_service.http import Identifier, Input
from kippu_terms import explain
from kippu_terms.coverage import Decision, Outcome, decide_coverage
from kippu_terms.facts import Facts, Instant
from kippu_terms.plan import Plan
from kippu_terms.returns import ReturnTerms
from kippu_terms.stated import StatedAsset, StatedContract, StatedCustomer, StatedRequest, delivered_once_bought
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, computed_field, field_validator

from kippu_entitlement import terms
from kippu_entitlement.domain.needs import target_of
from kippu_entitlement.domain.plan import Plans

EXAMPLES: list[JsonValue] = [
    {
        "plan_family": "iij-se",
        "request": {"received_at": "2026-04-01T09:30:00+07:00", "channel": "portal", "category": "fault"},
        "asset": {
            "serial": "SN-1",
            "registered": True,
            "kind": "equipment",
            "bought_from_provider": True,
            "warranty_until": "2026-03-31",
            "installed_by": "provider",
        },
    },
    {
        "plan_family": "svt",
        "request": {
            "received_at": "2026-06-01T10:00:00+09:00",
            "channel": "telephone",
            "category": "fault",
            "isolated_at": "2026-06-01T09:00:00+09:00",
            "cause": "hardware_fault",
            "visit_site": "registered",
        },
        "asset": {
            "serial": "12345678901",
            "registered": True,
            "kind": "equipment",
            "remote_island": False,
            "height_cm": 200,
        },
        "contracts": [
            {
                "contract_id": "C-1",
                "product": "onsite-basic-3y",
                "valid_from": "2026-01-31",
                "valid_until": "2029-01-30",
                "registered_at": "2026-02-10T09:00:00+09:00",
                "status": "active",
            }
        ],
    },
    {
        "plan_family": "qnp",
        "request": {
            "received_at": "2026-05-01T10:00:00+09:00",
            "channel": "mail",
            "category": "fault",
            "isolated_at": "2026-05-01T16:00:00+09:00",
            "part": "disk",
        },
        "asset": {
            "serial": "SN-2",
            "registered": True,
            "kind": "equipment",
            "bought_from_provider": True,
            "disks_from": "provider",
            "area": "tokyo",
            "remote_island": False,
        },
        "contracts": [
            {
                "contract_id": "C-2",
                "product": "advance-send-back",
                "valid_from": "2026-01-01",
                "valid_until": "2026-12-31",
            }
        ],
    },
    {
        "plan_family": "nec-esp",
        "request": {
            "received_at": "2026-11-23T10:00:00+09:00",
            "channel": "telephone",
            "category": "fault",
            "failed_at": "2026-11-20T18:00:00+09:00",
        },
        "asset": {"serial": "SN-3", "registered": True, "kind": "equipment", "warranty_until": "2026-01-09"},
        "contracts": [
            {
                "contract_id": "C-3",
                "product": "g2-5day-3y",
                "valid_from": "2025-01-10",
                "valid_until": "2028-01-09",
                "registered_at": "2026-11-21T09:00:00+09:00",
            }
        ],
    },
    {
        "plan_family": "cwc",
        "request": {
            "received_at": "2026-11-16T10:00:00+09:00",
            "channel": "mail",
            "category": "mail_support",
            "topic": "basic_settings",
            "asked_by": "contact",
        },
        "customer": {"bought_licence": True, "member_id": "valid"},
    },
]
"""One a family."""


class PreviewInput(Input):
    """Facts, and the terms to judge them by. Nothing is looked up in any register."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    plan_family: Identifier
    plan_version: str | None = None
    """This version, whenever it was in force; without it, the one that the contract was sold under under which the
    request is served, or the one in force at `as_of`."""
    as_of: Instant | None = None
    """Without it, `request.received_at`."""
    request: StatedRequest
    asset: StatedAsset | None = None
    contracts: Annotated[tuple[StatedContract, ...], Field(max_length=20)] = ()
    customer: StatedCustomer | None = None

    @field_validator("contracts")
    @classmethod
    def _delivered_once_bought(
        cls, contracts: tuple[StatedContract, ...], info: ValidationInfo
    ) -> tuple[StatedContract, ...]:
        delivered_once_bought(contracts, info.data.get("asset"))
        return contracts


class ClauseText(BaseModel):
    """A clause and its text by language."""

    id: str
    text: dict[str, str]


class FaultShown(BaseModel):
    """A broken rule: a stable code, what is wrong, the input's path, and the clause."""

    code: str
    message: str
    field: str | None
    clause: str | None


class FindingShown(BaseModel):
    clause: str
    rule: str
    inputs: dict[str, Any]
    result: str
    text: dict[str, str]


class RemedyShown(BaseModel):
    action: str
    clause: str
    text: dict[str, str]


class VisitShown(BaseModel):
    wanted_at: datetime
    minutes: int
    held: bool
    notice_days: int
    clause: str


class PlanUsed(BaseModel):
    family: str
    version: str


class Explained(BaseModel):
    """An answer with its explanation: which clause decided, what every clause made of it, what would change it."""

    outcome: Outcome
    metered: bool
    """True if the debit becomes known as work is recorded."""
    quantity: int | None
    waiting_for: str | None
    deciding_clause: ClauseText
    findings: list[FindingShown]
    remedies: list[RemedyShown]
    service: str | None
    way: str | None
    contract_id: str | None
    counts_from: datetime | None
    """When the request counts as received."""
    targets: list[Target]
    """What is aimed at, with the time that counted and the time that did not, and why."""
    failed_part: str | None
    carriage_paid_by: str | None
    """Who pays for what ships; None where nothing does."""
    replies: list[Reply]
    """What is answered to wishes beside the request itself."""
    plan: PlanUsed

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own advice for mypy
    @property
    def explanation(self) -> dict[str, str]:
        """All of it in a few sentences, a line each, in every language that the deciding clause has a text in."""
        fields = {"visit": None} | dict(self) | {"deciding_clause": self.deciding_clause.id}
        decision = cast(explain.Explained, SimpleNamespace(**fields))
        spoken = [language for language in explain.LANGUAGES if language in self.deciding_clause.text]
        return {language: explain.explain(decision, language) for language in spoken}


class PreviewShown(Explained):
    visit: VisitShown | None
    returns: ReturnTerms | None
    """Where the failed part is to be returned: within how many days of receiving the replacement, and what it costs
    to keep it."""
    effective_from: date
    calendar: str
    """Which public holidays it was judged by."""


def preview(published: Plans, provider: str, wanted: PreviewInput) -> PreviewShown:
    """Raises terms.NoTerms for terms that do not exist."""
    facts = Facts(
        provider=provider,
        request=wanted.request,
        asset=wanted.asset,
        contracts=wanted.contracts,
        customer=wanted.customer,
    )
    plan = _plan(published, wanted, facts)
    return _shown(plan, decide_coverage(plan, facts))


def _plan(published: Plans, wanted: PreviewInput, facts: Facts) -> Plan:
    if wanted.plan_version is not None:
        return terms.pinned(published, wanted.plan_family, wanted.plan_version)
    return terms.for_request(published, wanted.plan_family, facts, wanted.as_of or wanted.request.received_at)


_TAKEN = {
    *("outcome", "metered", "quantity", "waiting_for", "findings", "remedies"),
    *("service", "way", "contract_id", "counts_from", "failed_part", "carriage_paid_by", "replies"),
}


def explained(decision: Decision) -> dict[str, Any]:
    """The fields of Explained."""
    fields = decision.model_dump(mode="json", include=_TAKEN)
    deciding = next(each for each in decision.findings if each.clause == decision.deciding_clause)
    return fields | {
        "targets": [target_of(each) for each in decision.targets],
        "deciding_clause": ClauseText(id=deciding.clause, text=deciding.text),
        "plan": PlanUsed(family=decision.plan_family, version=decision.plan_version),
    }


def _shown(plan: Plan, decision: Decision) -> PreviewShown:
    fields = decision.model_dump(mode="json", include={"visit", "returns"})
    return PreviewShown(
        **explained(decision), **fields, effective_from=plan.effective_from, calendar=plan.calendar.version
    )
