"""Rounding is exact, and happens once per rate on an invoice's total."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.money import UnknownCurrency, formatted, minor_digits, rounded, share
from kippu_terms.pricing import Price, PriceLine, TaxAmount, invoice_totals

fractions = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6)


def priced(*lines: tuple[int, int, int], rounding: Literal["down", "half_up"]) -> Price:
    """Lines of (quantity, unit price, rate)."""
    return Price(
        currency="THB",
        lines=tuple(
            PriceLine(product="p", description="P", quantity=quantity, unit_price=each, tax_rate_permyriad=rate)
            for quantity, each, rate in lines
        ),
        tax_name="VAT",
        tax_rounding=rounding,
        payment_days=30,
        time_zone="Asia/Bangkok",
    )


@pytest.mark.parametrize(
    ("amount", "down", "half_up"),
    [
        (Fraction(7, 2), 3, 4),
        (Fraction(349, 100), 3, 3),
        (Fraction(351, 100), 3, 4),
        (Fraction(-7, 2), -3, -4),
        (Fraction(3), 3, 3),
    ],
)
def test_rounding(amount: Fraction, down: int, half_up: int) -> None:
    assert (rounded(amount, "down"), rounded(amount, "half_up")) == (down, half_up)


@given(fractions)
def test_rounding_moves_less_than_one_unit_and_half_up_at_most_half(amount: Fraction) -> None:
    assert abs(rounded(amount, "down")) <= abs(amount) < abs(rounded(amount, "down")) + 1
    assert abs(rounded(amount, "half_up") - amount) <= Fraction(1, 2)


def test_tax_is_rounded_once_on_the_total_and_never_per_line() -> None:
    # Given three lines whose tax of 7 % would each round up from 0.5
    price = priced((1, 50, 700), (1, 50, 700), (1, 50, 700), rounding="half_up")
    # Then the invoice's tax is 10.5 → 11, not 4 + 4 + 4
    totals = invoice_totals(price)
    assert totals.taxes == (TaxAmount(rate_permyriad=700, net=150, tax=11),)
    assert (totals.net, totals.total) == (150, 161)


def test_each_rate_is_rounded_by_itself() -> None:
    totals = invoice_totals(priced((3, 333, 1000), (1, 199, 800), rounding="down"))
    assert totals.taxes == (
        TaxAmount(rate_permyriad=800, net=199, tax=15),
        TaxAmount(rate_permyriad=1000, net=999, tax=99),
    )
    assert totals.total == 999 + 199 + 15 + 99


def test_sixty_thousand_yen_before_ten_per_cent() -> None:
    assert share(60_000, 1000, "down") == 6_000


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10**7), st.sampled_from([0, 700, 800, 1000])), min_size=1))
def test_totals_add_up(lines: list[tuple[int, int, int]]) -> None:
    totals = invoice_totals(priced(*lines, rounding="half_up"))
    assert totals.net == sum(quantity * each for quantity, each, _ in lines) == sum(tax.net for tax in totals.taxes)
    assert totals.total == totals.net + sum(tax.tax for tax in totals.taxes)
    assert [tax.rate_permyriad for tax in totals.taxes] == sorted({rate for _, _, rate in lines})


def test_anything_with_the_fields_of_a_price_has_totals() -> None:
    @dataclass(frozen=True)
    class Line:
        quantity: int = 2
        unit_price: int = 100
        tax_rate_permyriad: int = 700

    @dataclass(frozen=True)
    class Other:
        lines: tuple[Line, ...] = (Line(),)
        tax_rounding: Literal["down", "half_up"] = "down"
        tax_included: bool = False

    assert invoice_totals(Other()).total == 214


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123_450, "THB", "THB 1,234.50"),
        (5, "THB", "THB 0.05"),
        (60_000, "JPY", "JPY 60,000"),
        (-123_450, "THB", "THB -1,234.50"),
        (1_234_005, "KWD", "KWD 1,234.005"),
    ],
)
def test_amounts_for_people(amount: int, currency: str, text: str) -> None:
    assert formatted(amount, currency) == text


def test_a_currency_is_never_guessed() -> None:
    with pytest.raises(UnknownCurrency, match="XTS"):
        minor_digits("XTS")
