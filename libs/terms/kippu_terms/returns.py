"""A failed part whose replacement went out first is due back some days later; overdue, it costs what the plan says."""

from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from kippu_terms.dates import end_of, start_of
from kippu_terms.plan import Plan
from kippu_terms.pricing import Price, price
from kippu_terms.value import Value


class ReturnTerms(Value):
    """What the plan says of the return; the fields of the catalogue's ReturnTerms, so that it can be pinned."""

    clause: str
    days: int
    remind_days_before: int
    """0: no reminder."""
    overdue_charge: Price
    late_return: Literal["credited", "kept"]


class DueReturn(Value):
    """When a part is due back."""

    due_on: date
    """The last day, inclusive."""
    remind_at: AwareDatetime | None
    """The local midnight at which a reminder is due; None if that is not after the day of receipt."""
    overdue_at: AwareDatetime
    """The local midnight after the last day: the first instant at which it is overdue."""


def return_terms(plan: Plan) -> ReturnTerms | None:
    """The charge is worded in the provider's language. None if the plan expects no returns."""
    terms = plan.fulfilment.returns
    if terms is None:
        return None
    return ReturnTerms(
        clause=terms.clause,
        days=terms.days,
        remind_days_before=max(terms.remind_days_before, default=0),
        overdue_charge=price(plan, terms.charge_product, 1, plan.languages[0]),
        late_return=terms.late_return,
    )


def due_return(received_on: date, *, days: int, remind_days_before: int, zone: ZoneInfo) -> DueReturn:
    """The return that a replacement received on that local date makes due."""
    due_on = received_on + timedelta(days=days)
    remind_on = due_on - timedelta(days=remind_days_before)
    reminds = remind_days_before > 0 and remind_on > received_on
    return DueReturn(
        due_on=due_on,
        remind_at=start_of(remind_on, zone) if reminds else None,
        overdue_at=end_of(due_on, zone),
    )
