"""How billing's streams are loaded. Raise a fold's version whenever its `evolve` changes."""

from kippu_events.work import Fold, Stream, Work

from kippu_billing.domain import charge, invoice, quote
from kippu_billing.domain.charge import Charge
from kippu_billing.domain.invoice import Invoice
from kippu_billing.domain.quote import Quote

INVOICE = Fold(Invoice, Invoice, invoice.evolve, version=6)
CHARGE = Fold(Charge, Charge, charge.evolve, version=1)
QUOTE = Fold(Quote, Quote, quote.evolve, version=3)


async def invoice_of(work: Work, provider: str, invoice_no: str) -> Stream[Invoice]:
    return await work.load(INVOICE, provider, invoice.stream_of(provider, invoice_no))


async def charge_of(work: Work, provider: str, charge_id: str) -> Stream[Charge]:
    return await work.load(CHARGE, provider, charge.stream_of(provider, charge_id))


async def quote_of(work: Work, provider: str, quote_id: str) -> Stream[Quote]:
    return await work.load(QUOTE, provider, quote.stream_of(provider, quote_id))
