"""Which version of the terms counts: the one in force at an instant, or the one that something was sold under."""

from datetime import date, datetime

from kippu_events.work import Stream, Work
from kippu_terms.facts import Facts
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from kippu_terms.services import contract_of, given

from kippu_entitlement import folds
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.plan import Plans


class NoTerms(LookupError):
    """No version of the family is published, or none was in force then."""


async def plans(work: Work, provider: str, family: str) -> Stream[Plans]:
    return await work.load(folds.PLANS, provider, streams.plan(provider, family))


def every_version(published: Plans) -> list[Plan]:
    """The newest first."""
    return [load(each.source) for each in reversed(published.versions)]


def in_force(published: Plans, family: str, at: datetime) -> Plan:
    """The version in force on the provider's local date of an instant. Raises NoTerms."""
    if not published.exists:
        raise NoTerms(f"no terms of {family} are published")
    newest = load(published.versions[-1].source)
    version = published.in_force(newest.calendar.local_date(at))
    if version is None:
        raise NoTerms(f"no version of {family} was in force at {at.isoformat()}")
    return load(version.source)


def today(published: Plans, now: datetime) -> date:
    """The provider's local date. For a family of which a version is published."""
    return load(published.versions[-1].source).calendar.local_date(now)


def version_sold(published: Plans, begins_on: date, now: datetime) -> str | None:
    """The version that something was sold under that begins on a local date; None if there was none then."""
    if not published.exists:
        return None
    version = published.in_force(min(begins_on, today(published, now)))
    return version.version if version else None


def for_request(published: Plans, family: str, facts: Facts, at: datetime) -> Plan:
    """The version by which a request is decided: that of the contract under which it is served, or would be once its
    device is delivered, which keeps the one it was sold under; else the one in force at `at`. Raises NoTerms."""
    current = in_force(published, family, at)
    received_on = current.calendar.local_date(facts.request.received_at)
    for contract in sorted(facts.contracts, key=lambda each: each.valid_until or date.max, reverse=True):
        sold_under = pinned(published, family, contract.plan_version) if contract.plan_version else current
        served = given(sold_under.fulfilment, facts, received_on)
        if contract_of(sold_under.fulfilment, facts, served) == contract:
            return sold_under
    return current


def in_force_on(published: Plans, family: str, on: date) -> Plan:
    """The version in force on a local date of the provider's. Raises NoTerms."""
    version = published.in_force(on)
    if version is None:
        raise NoTerms(f"no version of {family} was in force on {on}")
    return load(version.source)


def pinned(published: Plans, family: str, version: str) -> Plan:
    """The version of that name, whenever it was in force. Raises NoTerms."""
    found = published.named(version)
    if found is None:
        raise NoTerms(f"there is no version {version} of {family}")
    return load(found.source)
