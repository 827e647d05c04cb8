"""Billing, put together."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_billing.api import router
from kippu_billing.falling_due import DEADLINES
from kippu_billing.reactors import InvoiceOrder, OfferShortfall
from kippu_billing.readmodels import Invoices, Quotes


def build(runtime: Runtime) -> Service:
    return Service(
        name="billing",
        migrations=Path(__file__).parent / "migrations",
        routers=(router,),
        projectors=(Invoices(), Quotes()),
        reactors=(InvoiceOrder(), OfferShortfall()),
        deadlines=DEADLINES,
    )
