"""What billing decides when it hears that an order was accepted, or that a wallet had too little."""

from collections.abc import Sequence

from kippu_events.catalogue.entitlement import DebitShortfall, OrderAccepted
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.work import Work

from kippu_billing.domain import invoice, quote
from kippu_billing.streams import invoice_of, quote_of


class InvoiceOrder(Reactor):
    """Every accepted order is invoiced, once."""

    name = "invoice-order"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (On(OrderAccepted, self._accepted),)

    async def _accepted(self, envelope: Envelope, order: OrderAccepted, work: Work) -> None:
        stream = await invoice_of(work, envelope.provider, invoice.number_of(order.order_id))
        work.record(stream, *invoice.issue(stream.state, order, work.now))


class OfferShortfall(Reactor):
    """Work that the wallet could not pay for is answered with an offer."""

    name = "offer-shortfall"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (On(DebitShortfall, self._short),)

    async def _short(self, envelope: Envelope, shortfall: DebitShortfall, work: Work) -> None:
        stream = await quote_of(work, envelope.provider, quote.id_of(shortfall.debit_id))
        work.record(stream, *quote.offer(stream.state, shortfall, work.now))
