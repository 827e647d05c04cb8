"""Work outside business hours, or running past their end, is to be announced some days ahead.

Notice is counted in days from the local date of the inquiry to that of the work. Announced in time, or inside business
hours, the work is to be booked as asked; otherwise it is held for the dispatcher, who decides by capacity.
"""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, VisitNeed, rule_kind
from kippu_terms.value import Integer


@rule_kind
class Notice(Rule):
    kind: Literal["notice"] = "notice"
    blanks: ClassVar[frozenset[str]] = frozenset({"wanted_at", "minutes", "notice_days", "needed_days", "earliest"})
    days: Annotated[Integer, Field(ge=0, le=366)]
    needs_visits: ClassVar[bool] = True

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        wanted_at, visits = case.request.wanted_at, case.plan.fulfilment.visits
        if wanted_at is None or visits is None:
            return Verdict("not_applicable", {"wanted_at": None})
        calendar = case.plan.calendar
        minutes = case.request.wanted_minutes or visits.assumed_minutes
        notice_days = (calendar.local_date(wanted_at) - case.received_on).days
        inside = calendar.is_open_throughout(visits.hours, wanted_at, minutes)
        held = not inside and notice_days < self.days
        inputs = {
            "wanted_at": wanted_at.astimezone(calendar.zone).isoformat(),
            "minutes": minutes,
            "inside_business_hours": inside,
            "holiday": calendar.is_closed(calendar.local_date(wanted_at)),
            "notice_days": notice_days,
            "needed_days": self.days,
            "earliest": (case.received_on + timedelta(days=self.days)).isoformat(),
        }
        visit = VisitNeed(wanted_at=wanted_at, minutes=minutes, held=held, notice_days=notice_days, clause=self.clause)
        return Verdict("held" if held else "satisfied", inputs, visit=visit)
