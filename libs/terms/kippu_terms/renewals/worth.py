"""What a licence is worth on a day: it loses a part of its price with every completed month, and is never worth less
than nothing. Fractions are exact until the amount of money, which is rounded once."""

from datetime import date
from fractions import Fraction

from kippu_terms.dates import months_after
from kippu_terms.money import rounded
from kippu_terms.renewals.section import ValueLoss
from kippu_terms.value import Value

_WHOLE = 100
_MONTHS = 12


class Worth(Value):
    """The value of licences on a day. `lost` and `left` are in the minor unit, and come to the price that was paid."""

    price_paid: int
    full_on: date
    """When they were last worth all of it."""
    months: int
    """Completed months since then."""
    lost: int
    left: int
    percent_left: str
    """Exact, or to two digits: `90`, `98.33`."""


def completed_months(since: date, on: date) -> int:
    """How many whole months have passed; the corresponding day, or its month's last day, completes one. 0 before."""
    months = (on.year - since.year) * _MONTHS + on.month - since.month
    return max(0, months if months_after(since, months) <= on else months - 1)


def loss(terms: ValueLoss, months: int) -> Fraction:
    """The part of the price that is lost after so many completed months: at 20 % a year n/60, and at most all of it."""
    return min(Fraction(1), Fraction(months * terms.percent_a_year, _MONTHS * _WHOLE))


def worth(terms: ValueLoss, *, price_paid: int, full_on: date, on: date) -> Worth:
    """The value on a local date."""
    months = completed_months(full_on, on)
    part = loss(terms, months)
    lost = rounded(price_paid * part, terms.rounding)
    return Worth(
        price_paid=price_paid,
        full_on=full_on,
        months=months,
        lost=lost,
        left=price_paid - lost,
        percent_left=f"{float((1 - part) * _WHOLE):.2f}".rstrip("0").rstrip("."),
    )


def yearly_fee(terms: ValueLoss, price_paid: int) -> int:
    """What a continuing renewal costs, however early it is ordered: a year's loss."""
    return rounded(price_paid * loss(terms, _MONTHS), terms.rounding)
