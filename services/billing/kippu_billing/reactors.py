"""What billing decides when it hears of an order, a booking that is void, a wallet that had too little, work that is
not included, a unit not sent back."""

from collections.abc import Sequence

from kippu_events.catalogue.billing import CreditedLine
from kippu_events.catalogue.bookings import BookingCancelled, BookingVoided
from kippu_events.catalogue.entitlement import (
    CoverageDecided,
    DebitShortfall,
    OrderAccepted,
    OrderPartRefunded,
    OrderRefunded,
    OrderRefused,
    ShortfallForgiven,
)
from kippu_events.catalogue.quoting import QuoteForgone, QuoteUnserved
from kippu_events.catalogue.shipments import ReturnOverdue, UnitReturned, UnitShipped
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.work import Stream, Work

from kippu_billing.domain import charge, crediting, invoice, quote
from kippu_billing.domain.charge import Claim
from kippu_billing.domain.invoice import Invoice
from kippu_billing.domain.quote import Quote
from kippu_billing.streams import charge_of, invoice_of, quote_of


class InvoiceOrder(Reactor):
    """Every accepted order is invoiced, once; what of it was given back is taken back of its invoice.

    A quote that it is of says so in the same append: the news that its request was declined may come before or after.
    """

    name = "invoice-order"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (
            On(OrderAccepted, self._accepted),
            On(OrderRefused, self._refused),
            On(OrderPartRefunded, self._part_refunded),
            On(OrderRefunded, self._refunded),
        )

    async def _accepted(self, envelope: Envelope, order: OrderAccepted, work: Work) -> None:
        stream = await invoice_of(work, envelope.provider, invoice.number_of(order.order_id))
        work.record(stream, *invoice.issue(stream.state, order, work.now))
        if order.quote_id is not None:
            quoted = await quote_of(work, envelope.provider, order.quote_id)
            work.record(quoted, *quote.order(quoted.state, order.quote_id, order.order_id, work.now))
            _take_back_undone(work, quoted, stream, order.order_id)

    async def _refused(self, envelope: Envelope, order: OrderRefused, work: Work) -> None:
        if order.quote_id is not None:
            quoted = await quote_of(work, envelope.provider, order.quote_id)
            work.record(quoted, *quote.refuse(quoted.state, order, order.quote_id, work.now))

    async def _part_refunded(self, envelope: Envelope, order: OrderPartRefunded, work: Work) -> None:
        number = invoice.number_of(order.order_id)
        stream = await invoice_of(work, envelope.provider, number)
        lines = [CreditedLine(line=each.line, product=each.product, quantity=each.quantity) for each in order.lines]
        work.record(stream, *crediting.credit_part(stream.state, number, lines, order.reason, work.now))

    async def _refunded(self, envelope: Envelope, order: OrderRefunded, work: Work) -> None:
        number = invoice.number_of(order.order_id)
        stream = await invoice_of(work, envelope.provider, number)
        work.record(stream, *crediting.credit(stream.state, number, order.reason, work.now))


def _take_back_undone(work: Work, quoted: Stream[Quote], invoiced: Stream[Invoice], order_id: str) -> None:
    """What was ordered for a request that is declined is invoiced for nothing."""
    if quoted.state.status is quote.Status.UNDONE:
        number, reason = invoice.number_of(order_id), quoted.state.undone_because
        work.record(invoiced, *crediting.credit(invoiced.state, number, reason, work.now, "not_served"))


class CreditBookings(Reactor):
    """The invoice of a booking that is void or cancelled is taken back, and with it what was paid, however late."""

    name = "credit-bookings"
    logs = ("dispatch",)

    def reactions(self) -> Sequence[On]:
        return (On(BookingVoided, self._voided), On(BookingCancelled, self._cancelled))

    async def _voided(self, envelope: Envelope, voided: BookingVoided, work: Work) -> None:
        stream = await _invoice_of_booking(work, envelope, voided.booking_id)
        number = invoice.number_of(voided.booking_id)
        reason = f"the booking is void: {voided.clause}"
        credited = crediting.credit_unless_paid_before(stream.state, number, voided.void_at, reason, work.now)
        work.record(stream, *credited)

    async def _cancelled(self, envelope: Envelope, cancelled: BookingCancelled, work: Work) -> None:
        if cancelled.paid_by == "invoice":
            stream = await _invoice_of_booking(work, envelope, cancelled.booking_id)
            number = invoice.number_of(cancelled.booking_id)
            reason = "the booking was cancelled"
            credited = crediting.credit(stream.state, number, reason, work.now, "booking_cancelled")
            work.record(stream, *credited)


async def _invoice_of_booking(work: Work, envelope: Envelope, booking_id: str) -> Stream[Invoice]:
    """Raises LookupError while its order was not heard of yet: this is tried again until it was."""
    stream = await invoice_of(work, envelope.provider, invoice.number_of(booking_id))
    if stream.state.issued is None:
        raise LookupError(f"{stream.name} does not exist yet")
    return stream


class OfferShortfall(Reactor):
    """Work that the wallet could not pay for is answered with an offer, which falls once nothing is owed for it."""

    name = "offer-shortfall"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (On(DebitShortfall, self._short), On(ShortfallForgiven, self._forgiven))

    async def _short(self, envelope: Envelope, shortfall: DebitShortfall, work: Work) -> None:
        stream = await quote_of(work, envelope.provider, quote.id_of(shortfall.debit_id))
        work.record(stream, *quote.offer(stream.state, shortfall, work.now))

    async def _forgiven(self, envelope: Envelope, forgiven: ShortfallForgiven, work: Work) -> None:
        quote_id = quote.id_of(forgiven.debit_id)
        stream = await quote_of(work, envelope.provider, quote_id)
        work.record(stream, *quote.withdraw(stream.state, quote_id, forgiven.ticket_no, work.now))


class OfferWork(Reactor):
    """What the terms do not include is offered for a fee, if they say for which; until it is needed no more. What was
    bought for a request that is declined is given back."""

    name = "offer-work"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (
            On(CoverageDecided, self._decided),
            On(QuoteForgone, self._forgone),
            On(QuoteUnserved, self._unserved),
        )

    async def _decided(self, envelope: Envelope, decided: CoverageDecided, work: Work) -> None:
        if decided.quote is None:
            return
        stream = await quote_of(work, envelope.provider, decided.quote.quote_id)
        work.record(stream, *quote.offer_work(stream.state, decided.quote, decided, work.now))

    async def _forgone(self, envelope: Envelope, forgone: QuoteForgone, work: Work) -> None:
        stream = await quote_of(work, envelope.provider, forgone.quote_id)
        work.record(stream, *quote.withdraw(stream.state, forgone.quote_id, forgone.ticket_no, work.now))

    async def _unserved(self, envelope: Envelope, unserved: QuoteUnserved, work: Work) -> None:
        quoted = await quote_of(work, envelope.provider, unserved.quote_id)
        work.record(quoted, *quote.undo(quoted.state, unserved, work.now))
        invoiced = await invoice_of(work, envelope.provider, invoice.number_of(unserved.order_id))
        _take_back_undone(work, quoted, invoiced, unserved.order_id)


class ChargeFulfilment(Reactor):
    """What the terms charge for a return that is overdue or a second carriage, and what they credit again."""

    name = "charge-fulfilment"
    logs = ("dispatch",)

    def reactions(self) -> Sequence[On]:
        return (On(ReturnOverdue, self._overdue), On(UnitReturned, self._returned), On(UnitShipped, self._shipped))

    async def _overdue(self, envelope: Envelope, overdue: ReturnOverdue, work: Work) -> None:
        await self._raise(work, envelope.provider, charge.for_overdue_return(overdue))

    async def _shipped(self, envelope: Envelope, shipped: UnitShipped, work: Work) -> None:
        claim = charge.for_carriage(shipped)
        if claim is not None:
            await self._raise(work, envelope.provider, claim)

    async def _raise(self, work: Work, provider: str, claim: Claim) -> None:
        """The charge and its invoice, in one append."""
        charged = await charge_of(work, provider, claim.charge_id)
        raised = charge.demand(charged.state, claim, work.now)
        if raised:
            work.record(charged, *raised)
            stream = await invoice_of(work, provider, invoice.number_of(claim.charge_id))
            issued = invoice.issue_for_charge(
                stream.state, claim.charge_id, claim.customer_id, claim.price, work.now, ticket_no=claim.ticket_no
            )
            work.record(stream, *issued)

    async def _returned(self, envelope: Envelope, returned: UnitReturned, work: Work) -> None:
        reason = charge.reason_gone(returned)
        if reason is None:
            return
        charge_id = charge.id_of_return(returned.shipment_id)
        charged = await charge_of(work, envelope.provider, charge_id)
        if not charged.state.is_owed:
            return
        number = invoice.number_of(charge_id)
        stream = await invoice_of(work, envelope.provider, number)
        if not stream.state.is_paid:
            work.record(charged, *charge.withdraw(charged.state, charge_id, reason, work.now))
        work.record(stream, *crediting.credit(stream.state, number, reason, work.now, "charge_withdrawn"))
