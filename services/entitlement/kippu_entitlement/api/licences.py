"""Licences and their holders: what is held and in force, and what a member ID gives on a day (CWC-03, CWC-04)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from asyncpg import Record
from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_service.http import Identifier, Input, Line, Query, not_found, query
from kippu_terms.dates import end_of
from kippu_terms.orders.facts import Day, HeldLicence
from kippu_terms.plan import Plan
from kippu_terms.renewals.maintenance import Maintenance, licences_of, maintenance_on
from pydantic import BaseModel, Field
from starlette.responses import Response

from kippu_entitlement import terms
from kippu_entitlement.api.decisions import PLANS
from kippu_entitlement.domain.licence import hash_of
from kippu_entitlement.domain.plan import Plans, PlanVersion

router = APIRouter(tags=["licences"])

LICENCE = "select * from read.licence where licence_id = $1"
MEMBER = """
    select member.*, licence.plan_family, licence.plan_version
    from read.member left join read.licence on licence.licence_id = member.licence_id
    where member.hash = $1
"""

Reader = Annotated[Query, query("licences:read")]


class LicenceShown(BaseModel):
    """All licences that a customer holds under a family of terms. Money is in the minor unit, before tax."""

    licence_id: str
    customer_id: str
    plan_family: str
    plan_version: str
    quantity: int
    price_paid: int
    full_on: date
    """When their value was last 100 %."""
    maintenance: Maintenance
    """How they stand on the day that was asked about."""


class MemberQuestion(Input):
    """The ID is in the body, so that no log of addresses holds it."""

    member_id: Line
    """A member ID, or an incident member number. Blanks, dashes and the case of letters do not matter."""
    on: Day | None = None
    """A local date of the provider's; today where it is left out."""


class MemberShown(BaseModel):
    """Of an ID that nobody was given, or another customer, nothing is told but that: `none`."""

    status: Literal["valid", "void", "none"]
    kind: Literal["licence", "incidents"] | None = None
    on: date | None = None
    customer_id: str | None = None
    licence_id: str | None = None
    benefits: list[str] = Field(default_factory=list)
    """What the ID gives on that day; nothing once it is void."""
    maintained_until: date | None = None
    clause: str | None = None
    """What decided."""


@router.get("/v1/licences/{licence_id}", response_model=LicenceShown)
async def show(
    licence_id: Identifier,
    query: Reader,
    on: Annotated[Day | None, QueryParameter(description="A local date; today where it is left out.")] = None,
) -> Response:
    """What is held, what it is worth, and what is in force on a day."""
    row = await query.fetchrow(LICENCE, licence_id)
    if row is None:
        raise not_found()
    plan = await _plan(query, row["plan_family"], row["plan_version"])
    held = HeldLicence(
        licence_id=licence_id, **{name: row[name] for name in ("quantity", "price_paid", "full_on", "maintained_until")}
    )
    day = on or plan.calendar.local_date(query.runtime.clock.now())
    shown = LicenceShown(
        **{name: row[name] for name in LicenceShown.model_fields if name != "maintenance"},
        maintenance=maintenance_on(plan, held, day),
    )
    return query.answer(shown, version=row["version"])


@router.post("/v1/members/check", response_model=MemberShown)
async def check(body: MemberQuestion, query: Reader) -> Response:
    """What a member ID gives on a day."""
    row = await query.fetchrow(MEMBER, hash_of(query.provider, body.member_id))
    if row is None:
        return query.answer(MemberShown(status="none"))
    now = query.runtime.clock.now()
    if row["kind"] == "incidents":
        family = row["licence_id"].removeprefix(f"{row['customer_id']}.")
        current = terms.in_force(await _published(query, family), family, now)
        return query.answer(_incidents(row, Asked.about(current, body.on, now)))
    plan = await _plan(query, row["plan_family"], row["plan_version"])
    return query.answer(_licence(row, plan, Asked.about(plan, body.on, now)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A local date, and the instant for which the answer holds: the end of that day, or now if it is not over."""

    day: date
    at: datetime
    ends_at: datetime
    """The first instant after that day."""

    @classmethod
    def about(cls, plan: Plan, on: date | None, now: datetime) -> "Asked":
        """Today where no day is named."""
        today = plan.calendar.local_date(now)
        day = on or today
        ends_at = end_of(day, plan.zone)
        return cls(day, min(now, ends_at) if day <= today else ends_at, ends_at)


def _incidents(row: Record, asked: Asked) -> MemberShown:
    """A number is for good; how many incidents it can pay with, the wallet says."""
    return MemberShown(
        kind="incidents",
        status="valid" if row["issued_at"] <= asked.at else "void",
        on=asked.day,
        customer_id=row["customer_id"],
        licence_id=row["licence_id"],
        clause=row["clause"],
    )


def _licence(row: Record, plan: Plan, asked: Asked) -> MemberShown:
    """As it stood at the end of that day, or stands now: an ID that was voided on a day is void on it."""
    licences = licences_of(plan)
    replaced = row["voided_at"] is not None and row["voided_at"] <= asked.at
    ended = row["ends_at"] < asked.ends_at
    valid = row["issued_at"] <= asked.at and not replaced and not ended
    return MemberShown(
        kind="licence",
        status="valid" if valid else "void",
        on=asked.day,
        customer_id=row["customer_id"],
        licence_id=row["licence_id"],
        benefits=list(licences.benefits.given) if valid else [],
        maintained_until=plan.calendar.local_date(row["ends_at"]) - timedelta(days=1),
        clause=licences.benefits.clause if valid else licences.keys.clause if replaced else licences.ending.clause,
    )


async def _published(query: Query, family: str) -> Plans:
    return Plans(tuple(PlanVersion(**each) for each in await query.fetch(PLANS, family)))


async def _plan(query: Query, family: str, version: str) -> Plan:
    return terms.pinned(await _published(query, family), family, version)
