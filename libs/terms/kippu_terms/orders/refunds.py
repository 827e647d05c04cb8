"""Giving back what was bought: until when that is possible, and what stands against it. Pure."""

from datetime import date
from typing import Literal

RefundObjection = Literal["registered", "window_closed"]


def last_refundable_day(bought_on: date, closes_on_day: int) -> date | None:
    """The last day before `closes_on_day` of the month of purchase; None if it was bought on that day or later."""
    return bought_on.replace(day=closes_on_day - 1) if bought_on.day < closes_on_day else None


def refund_objection(refundable_until: date | None, asked_on: date, *, registered: bool) -> RefundObjection | None:
    """Why it is not taken back on a local date; None if it is. Registration stands against it whatever the date."""
    if registered:
        return "registered"
    return None if refundable_until is not None and asked_on <= refundable_until else "window_closed"
