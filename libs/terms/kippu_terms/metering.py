"""How recorded work becomes prepaid tickets: one per started unit of time, as the plan says."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from kippu_terms.plan import Plan
from kippu_terms.sections import Metering


class WorkEntry(Protocol):
    """Anything with an entry's fields, such as the catalogue's WorkRecorded. `minutes` are whole."""

    @property
    def kind(self) -> str: ...
    @property
    def minutes(self) -> int: ...


def is_counted(plan: Plan, kind: str, started_at: datetime, received_at: datetime) -> bool:
    """True if work of that kind costs prepaid tickets; work from before the request was received never does.

    Under a plan that does not meter work, none does.
    """
    metering = plan.commercial.metering
    return metering is not None and kind in metering.counted_kinds and started_at >= received_at


def units_due(plan: Plan, entries: Iterable[WorkEntry]) -> int:
    """Prepaid tickets that a request owes for all its work so far. Raises ValueError for a plan without metering."""
    metering = _metering(plan)
    minutes = [entry.minutes for entry in entries if entry.kind in metering.counted_kinds and entry.minutes > 0]
    if not minutes:
        return 0
    spells = [sum(minutes)] if metering.summed_over == "request" else minutes
    return max(metering.minimum, sum(_started(metering, spell) for spell in spells))


def units_of(plan: Plan, minutes: int) -> int:
    """Prepaid tickets that one spell of work of so many minutes costs, such as an appointment. Raises ValueError for a
    plan without metering."""
    metering = _metering(plan)
    return max(metering.minimum, _started(metering, minutes))


def _started(metering: Metering, minutes: int) -> int:
    return -(-minutes // metering.unit_minutes)


def _metering(plan: Plan) -> Metering:
    if plan.commercial.metering is None:
        raise ValueError(f"{plan.family} {plan.version} does not meter work")
    return plan.commercial.metering
