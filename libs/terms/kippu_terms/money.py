"""Money is an integer of the currency's minor unit. Fractions are exact until they are rounded, once.

How many digits the minor unit has is ISO 4217's; how to round is the plan's.
"""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import StringConstraints

Rounding = Literal["down", "half_up"]

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

_MINOR_DIGITS = {"JPY": 0, "THB": 2, "EUR": 2, "USD": 2, "SGD": 2}


class UnknownCurrency(LookupError):
    """A currency whose minor unit nobody has stated here; guessing would be wrong by a factor of 100."""


def minor_digits(currency: str) -> int:
    """How many decimal digits the minor unit stands for (ISO 4217): 0 for JPY, 2 for THB. Raises UnknownCurrency."""
    try:
        return _MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(
            f"{currency}: its minor unit is not known here; known are {', '.join(_MINOR_DIGITS)}"
        ) from None


def rounded(amount: Fraction, rounding: Rounding) -> int:
    """The integer for an exact amount of the minor unit. A half goes up away from zero; `down` goes towards zero."""
    size = abs(amount)
    whole = size.numerator // size.denominator
    if rounding == "half_up" and size - whole >= Fraction(1, 2):
        whole += 1
    return whole if amount >= 0 else -whole


def share(amount: int, rate_permyriad: int, rounding: Rounding) -> int:
    """`rate_permyriad` ten-thousandths of an amount: 700 is 7 %."""
    return rounded(Fraction(amount * rate_permyriad, 10_000), rounding)


def share_within(amount: int, rate_permyriad: int, rounding: Rounding) -> int:
    """What was added at that rate to come to an amount: of 66,000 with 1000 (10 %) it is 6,000."""
    return rounded(Fraction(amount * rate_permyriad, 10_000 + rate_permyriad), rounding)


def formatted(amount: int, currency: str) -> str:
    """For people: `THB 1,234.50`, `JPY 60,000`. Exact; raises UnknownCurrency."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(amount), 10**digits)
    sign = "-" if amount < 0 else ""
    return f"{currency} {sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
