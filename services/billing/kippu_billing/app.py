"""Billing, put together."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_billing.api import charges, invoices, quotes
from kippu_billing.falling_due import DEADLINES
from kippu_billing.reactors import ChargeFulfilment, InvoiceOrder, OfferShortfall, OfferWork
from kippu_billing.readmodels.charges import Charges
from kippu_billing.readmodels.invoices import Invoices
from kippu_billing.readmodels.quotes import Quotes

MIGRATIONS = Path(__file__).parent / "migrations"


def build(runtime: Runtime) -> Service:
    return Service(
        name="billing",
        migrations=MIGRATIONS,
        routers=(invoices.router, quotes.router, charges.router),
        projectors=(Invoices(), Quotes(), Charges()),
        reactors=(InvoiceOrder(), OfferShortfall(), OfferWork(), ChargeFulfilment()),
        deadlines=DEADLINES,
    )
