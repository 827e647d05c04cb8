"""Money is an integer of the currency's minor unit. Fractions are exact until they are rounded, once.

How many digits the minor unit has is ISO 4217's; how to round is the plan's.
"""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import StringConstraints

Rounding = Literal["down", "half_up"]

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE "
    "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
"""ISO 4217: the number of digits of the minor unit, and the currencies in circulation that have so many."""
_MINOR_DIGITS = {code: digits for digits, codes in _CODES.items() for code in codes.split()}


class UnknownCurrency(LookupError):
    """A currency whose minor unit nobody has stated here; guessing would be wrong by a factor of 100."""


def minor_digits(currency: str) -> int:
    """How many decimal digits the minor unit stands for (ISO 4217): 0 for JPY, 2 for THB, 3 for KWD. Raises
    UnknownCurrency."""
    try:
        return _MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency} is no currency of ISO 4217 with a minor unit") from None


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
