"""What something costs under a plan, and what an invoice comes to. Tax is rounded once per rate, on the total."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from kippu_terms.money import Rounding, share, share_within
from kippu_terms.value import Value

if TYPE_CHECKING:
    from kippu_terms.plan import Plan


class PriceLine(Value):
    """`unit_price` is in the currency's minor unit, before tax unless the price says that it is included.

    `tax_rate_permyriad` is 700 for 7 %.
    """

    product: str
    description: str
    quantity: int
    unit_price: int
    tax_rate_permyriad: int


class Price(Value):
    currency: str
    lines: tuple[PriceLine, ...]
    tax_name: str
    tax_rounding: Rounding
    payment_days: int
    time_zone: str
    """IANA name of the provider's zone, in which the days are local dates."""
    tax_included: bool = False
    """True if the unit prices include tax."""
    withholding_permyriad: int | None = None
    """How much of the amount before tax the customer may withhold, against a certificate; None: nothing."""


class TaxAmount(Value):
    """Tax of one rate, on the net total at that rate."""

    rate_permyriad: int
    net: int
    tax: int


class Totals(Value):
    net: int
    taxes: tuple[TaxAmount, ...]
    """One per rate, the lowest rate first."""
    total: int


class PricedLine(Protocol):
    """Anything with a line's fields, such as the catalogue's PriceLine."""

    @property
    def quantity(self) -> int: ...
    @property
    def unit_price(self) -> int: ...
    @property
    def tax_rate_permyriad(self) -> int: ...


class Priced(Protocol):
    """Anything with a price's fields, such as the catalogue's Price."""

    @property
    def lines(self) -> Sequence[PricedLine]: ...
    @property
    def tax_rounding(self) -> Rounding: ...
    @property
    def tax_included(self) -> bool: ...


def price(plan: "Plan", product: str, quantity: int, language: str = "en", *, unit_price: int | None = None) -> Price:
    """The price of `quantity` of a product under this plan. Raises Refused if the plan does not sell it so.

    `unit_price` is what one costs where a clause sets that, instead of the product's price.
    """
    sold = plan.product(product)
    sold.check_quantity(quantity)
    commercial = plan.commercial
    line = PriceLine(
        product=product,
        description=sold.description(language),
        quantity=quantity,
        unit_price=sold.unit_price if unit_price is None else unit_price,
        tax_rate_permyriad=sold.tax_rate_permyriad
        if sold.tax_rate_permyriad is not None
        else commercial.tax.rate_permyriad,
    )
    return Price(
        currency=commercial.currency,
        lines=(line,),
        tax_name=commercial.tax.name,
        tax_rounding=commercial.tax.rounding,
        payment_days=commercial.payment_days,
        time_zone=plan.time_zone,
        tax_included=commercial.tax.included,
        withholding_permyriad=commercial.tax.withholding_permyriad,
    )


def invoice_totals(price: Priced) -> Totals:
    """Net, tax per rate, and total of an invoice, in the minor unit."""
    amounts: dict[int, int] = {}
    for line in price.lines:
        amounts[line.tax_rate_permyriad] = amounts.get(line.tax_rate_permyriad, 0) + line.quantity * line.unit_price
    taxes = tuple(_tax(rate, amount, price) for rate, amount in sorted(amounts.items()))
    net = sum(tax.net for tax in taxes)
    return Totals(net=net, taxes=taxes, total=net + sum(tax.tax for tax in taxes))


def _tax(rate: int, amount: int, price: Priced) -> TaxAmount:
    """The tax on an amount, or the tax within it where prices include it."""
    part = share_within if price.tax_included else share
    tax = part(amount, rate, price.tax_rounding)
    return TaxAmount(rate_permyriad=rate, net=amount - tax if price.tax_included else amount, tax=tax)
