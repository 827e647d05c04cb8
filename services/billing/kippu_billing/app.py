"""Billing, put together."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_billing.api import charges, invoices, quotes, refunds
from kippu_billing.falling_due import DEADLINES
from kippu_billing.reactors import ChargeFulfilment, CreditBookings, InvoiceOrder, OfferShortfall, OfferWork
from kippu_billing.readmodels.charges import Charges
from kippu_billing.readmodels.invoices import Invoices
from kippu_billing.readmodels.quotes import Quotes
from kippu_billing.readmodels.refunds import Refunds

MIGRATIONS = Path(__file__).parent / "migrations"


def build(runtime: Runtime) -> Service:
    return Service(
        name="billing",
        migrations=MIGRATIONS,
        routers=(invoices.router, quotes.router, charges.router, refunds.router),
        projectors=(Invoices(), Refunds(), Quotes(), Charges()),
        reactors=(InvoiceOrder(), CreditBookings(), OfferShortfall(), OfferWork(), ChargeFulfilment()),
        deadlines=DEADLINES,
    )
