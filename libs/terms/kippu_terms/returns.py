"""A failed part whose replacement went out first is due back some days later; overdue, it costs what the plan says."""

from datetime import date, datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from kippu_terms.dates import end_of, local_date, start_of
from kippu_terms.plan import Plan
from kippu_terms.pricing import Price, price
from kippu_terms.value import Value


class ReturnTerms(Value):
    """What the plan says of the return, pinned in the decision, so that whoever waits for the part needs no plan."""

    clause: str
    days: int
    """From the local date on which the replacement was received to the last day for the return."""
    remind_days_before: tuple[int, ...]
    charge: Price
    late_return: Literal["credited", "kept"]
    """What becomes of the charge when the part comes back after all."""
    time_zone: str


class PinnedReturn(Protocol):
    """Anything with the fields that dates need, such as the catalogue's ReturnTerms."""

    @property
    def days(self) -> int: ...
    @property
    def remind_days_before(self) -> tuple[int, ...]: ...
    @property
    def time_zone(self) -> str: ...


class DueReturn(Value):
    """When a part is due back."""

    received_on: date
    """The local date on which the customer received the replacement."""
    due_on: date
    """The last day, inclusive."""
    remind_at: tuple[AwareDatetime, ...]
    """The local midnights at which a reminder is due, the earliest first; none before the replacement arrived."""
    overdue_at: AwareDatetime
    """The local midnight after the last day: the first instant at which it is overdue."""

    def is_late(self, returned_at: datetime) -> bool:
        return returned_at >= self.overdue_at


def return_terms(plan: Plan, language: str = "en") -> ReturnTerms | None:
    """None if the plan expects no returns."""
    terms = plan.fulfilment.returns
    if terms is None:
        return None
    return ReturnTerms(
        clause=terms.clause,
        days=terms.days,
        remind_days_before=terms.remind_days_before,
        charge=price(plan, terms.charge_product, 1, language),
        late_return=terms.late_return,
        time_zone=plan.time_zone,
    )


def due_return(terms: PinnedReturn, delivered_at: datetime) -> DueReturn:
    """The return that a replacement received at that instant makes due."""
    zone = ZoneInfo(terms.time_zone)
    received_on = local_date(delivered_at, zone)
    due_on = received_on + timedelta(days=terms.days)
    reminders = (start_of(due_on - timedelta(days=days), zone) for days in set(terms.remind_days_before))
    return DueReturn(
        received_on=received_on,
        due_on=due_on,
        remind_at=tuple(sorted(at for at in reminders if at > delivered_at)),
        overdue_at=end_of(due_on, zone),
    )
