"""What is in force on a day: the maintenance of licences, its benefits and the member ID; and when all of that ends.

The last day of the maintenance decides, and nothing else: neither what the licences are worth, nor who has looked.
"""

from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime

from kippu_terms.dates import end_of, last_day_of_term, months_before, start_of
from kippu_terms.orders.facts import HeldLicence
from kippu_terms.refusal import Fault, Refused
from kippu_terms.renewals.section import LicencesSection
from kippu_terms.renewals.worth import Worth, completed_months, loss, worth
from kippu_terms.value import Value

if TYPE_CHECKING:
    from kippu_terms.plan import Plan

_YEAR = 12


class Maintenance(Value):
    """How licences stand on a day. `usable` is always true: the software may be used with maintenance or without."""

    on: date
    maintained: bool
    member_id: Literal["valid", "void"]
    benefits: tuple[str, ...]
    maintained_until: date
    ends_at: AwareDatetime
    """The local midnight after the last day: the first instant without maintenance."""
    usable: Literal[True] = True
    worth: Worth
    least_percent: int
    above_least: bool
    """True if they are worth the least that maintenance takes, or more."""
    clause: str
    """What decided: the clause of the benefits, or that of their end."""


def licences_of(plan: "Plan") -> LicencesSection:
    """Raises Refused for a plan without licences."""
    if plan.licences is None:
        raise Refused(Fault("no_licences", f"{plan.family} sells no licences", "plan_family"))
    return plan.licences


def maintenance_on(plan: "Plan", licence: HeldLicence, on: date) -> Maintenance:
    """On a local date. Raises Refused for a plan without licences."""
    terms = licences_of(plan)
    maintained = on <= licence.maintained_until
    left = 1 - loss(terms.value, completed_months(licence.full_on, on))
    return Maintenance(
        on=on,
        maintained=maintained,
        member_id="valid" if maintained else "void",
        benefits=terms.benefits.given if maintained else (),
        maintained_until=licence.maintained_until,
        ends_at=end_of(licence.maintained_until, plan.zone),
        worth=worth(terms.value, price_paid=licence.price_paid, full_on=licence.full_on, on=on),
        least_percent=terms.least_value.percent,
        above_least=left >= Fraction(terms.least_value.percent, 100),
        clause=terms.benefits.clause if maintained else terms.ending.clause,
    )


def year_from(start: date) -> tuple[date, date]:
    """The first and the last day, inclusive, of a year of maintenance."""
    return start, last_day_of_term(start, months=_YEAR)


def notice_at(plan: "Plan", maintained_until: date) -> datetime | None:
    """The local midnight at which the notice about the end is due; None for a plan that gives none."""
    notice = licences_of(plan).notice
    return start_of(months_before(maintained_until, notice.months_before), plan.zone) if notice else None
