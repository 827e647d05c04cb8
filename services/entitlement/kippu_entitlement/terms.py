"""Which version of the terms counts: the one in force at an instant, or the one that something was sold under."""

from datetime import date, datetime

from kippu_events.work import Stream, Work
from kippu_terms.loading import load
from kippu_terms.plan import Plan

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
