"""What a credit note takes back of an invoice: some of its lines, with tax rounded once per rate on the note.

All notes of an invoice together never come to more than the invoice: the one that takes the last of a rate takes what
is left of its tax, whatever rounding made of the notes before it.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from kippu_terms.money import Rounding, share, share_within
from kippu_terms.pricing import Priced, PricedLine, TaxAmount


class Amount(Protocol):
    """Anything with a TaxAmount's fields, such as the catalogue's."""

    @property
    def rate_permyriad(self) -> int: ...
    @property
    def net(self) -> int: ...
    @property
    def tax(self) -> int: ...


def part_of(price: Priced, left: Sequence[Amount], lines: Iterable[PricedLine]) -> tuple[TaxAmount, ...]:
    """Net and tax by rate of a note for these lines, where so much of the invoice was not taken back before.

    `left` has one amount a rate, and so has the note, but for rates of which it takes nothing. Never more than is left.
    """
    asked: dict[int, int] = {}
    for line in lines:
        asked[line.tax_rate_permyriad] = asked.get(line.tax_rate_permyriad, 0) + line.quantity * line.unit_price
    part = _included if price.tax_included else _added
    notes = (part(each, asked.get(each.rate_permyriad, 0), price.tax_rounding) for each in left)
    return tuple(each for each in notes if each.net or each.tax)


def less(left: Sequence[Amount], note: Sequence[Amount]) -> tuple[TaxAmount, ...]:
    """What is left of an invoice after a note."""
    net = {each.rate_permyriad: each.net for each in note}
    tax = {each.rate_permyriad: each.tax for each in note}
    return tuple(
        TaxAmount(rate_permyriad=rate, net=each.net - net.get(rate, 0), tax=each.tax - tax.get(rate, 0))
        for each in left
        for rate in (each.rate_permyriad,)
    )


def _all(left: Amount) -> TaxAmount:
    return TaxAmount(rate_permyriad=left.rate_permyriad, net=left.net, tax=left.tax)


def _added(left: Amount, amount: int, rounding: Rounding) -> TaxAmount:
    """Prices without tax: the amount is the net."""
    if amount >= left.net and amount:
        return _all(left)
    tax = min(share(amount, left.rate_permyriad, rounding), left.tax)
    return TaxAmount(rate_permyriad=left.rate_permyriad, net=amount, tax=tax)


def _included(left: Amount, amount: int, rounding: Rounding) -> TaxAmount:
    """Prices with tax: the amount is net and tax."""
    if amount >= left.net + left.tax and amount:
        return _all(left)
    tax = share_within(amount, left.rate_permyriad, rounding)
    tax = min(max(tax, amount - left.net), left.tax)
    return TaxAmount(rate_permyriad=left.rate_permyriad, net=amount - tax, tax=tax)
