"""What entitlement decides when it hears another service.

One reactor hears everything about a request, so that work is never seen before the request that it belongs to.
"""

from collections.abc import Sequence
from dataclasses import replace

from kippu_events.catalogue.billing import CreditNoteIssued, InvoicePaid, QuoteAccepted
from kippu_events.catalogue.bookings import BookingCancelled, BookingCompleted
from kippu_events.catalogue.dispatch import UnitExchanged
from kippu_events.catalogue.entitlement import RequestNoted, WorkNoted
from kippu_events.catalogue.intake import (
    FaultIsolated,
    RequestDetailsRecorded,
    TicketClassified,
    TicketClosed,
    TicketDeclined,
    TicketOpened,
    TicketReopened,
    WorkRecorded,
)
from kippu_events.catalogue.shipments import UnitDelivered
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.work import Stream, Work
from kippu_terms.plan import Plan

from kippu_entitlement import booking, folds, ordering, quotes, requests, terms
from kippu_entitlement.domain import asset, case, debiting, order, streams, wallet


class FollowRequests(Reactor):
    """Notes a request's facts and decides on them; notes work and debits it; puts it all back if it is declined, or
    closed before what was quoted for it was paid; and decides anew if it is reopened."""

    name = "follow-requests"
    logs = ("intake",)

    def reactions(self) -> Sequence[On]:
        return (
            On(TicketOpened, self.opened),
            On(TicketClassified, self.classified),
            On(FaultIsolated, self.isolated),
            On(RequestDetailsRecorded, self.said),
            On(WorkRecorded, self.worked),
            On(TicketDeclined, self.declined),
            On(TicketClosed, self.closed),
            On(TicketReopened, self.reopened),
        )

    async def opened(self, envelope: Envelope, event: TicketOpened, work: Work) -> None:
        stream = await requests.load_case(work, envelope.provider, event.ticket_no)
        work.record(
            stream,
            RequestNoted(
                occurred_at=event.occurred_at,
                ticket_no=event.ticket_no,
                customer_id=event.customer_id,
                contact_id=event.contact_id,
                plan_family=event.plan_family,
                channel=event.channel,
                received_at=event.received_at,
                category=event.category,
                asset_serial=_serial(event.asset_serial),
                wanted_at=event.wanted_at,
                wanted_minutes=event.wanted_minutes,
                topic=event.topic,
                part=event.part,
                details=event.details,
            ),
        )
        await requests.decide(work, stream)

    async def classified(self, envelope: Envelope, event: TicketClassified, work: Work) -> None:
        stream = await requests.load_case(work, envelope.provider, event.ticket_no)
        stated = replace(
            requests.request_of(stream),
            category=event.category,
            asset_serial=_serial(event.asset_serial),
            wanted_at=event.wanted_at,
            wanted_minutes=event.wanted_minutes,
            topic=event.topic,
            part=event.part,
        )
        known = case.said(case.classified(stream.state, stated), event.details)
        work.record(stream, case.noted(event.ticket_no, known, event.occurred_at))
        await requests.decide(work, stream)

    async def isolated(self, envelope: Envelope, event: FaultIsolated, work: Work) -> None:
        """From now on it is known what is at fault: the next decision says what is to be done, and by when."""
        stream = await requests.load_case(work, envelope.provider, event.ticket_no)
        found = replace(
            requests.request_of(stream),
            asset_serial=_serial(event.asset_serial),
            part=event.part,
            isolated_at=event.isolated_at,
        )
        work.record(stream, case.noted(event.ticket_no, found, event.occurred_at))
        await requests.decide(work, stream)

    async def said(self, envelope: Envelope, event: RequestDetailsRecorded, work: Work) -> None:
        """What else is known of the request, and with it what the customer answered."""
        stream = await requests.load_case(work, envelope.provider, event.ticket_no)
        known = case.said(requests.request_of(stream), event.details)
        work.record(stream, case.noted(event.ticket_no, known, event.occurred_at, answered_at=event.answered_at))
        await requests.decide(work, stream)

    async def worked(self, envelope: Envelope, event: WorkRecorded, work: Work) -> None:
        stream = await requests.load_case(work, envelope.provider, event.ticket_no)
        plan = await requests.plan_of(work, stream)
        work.record(stream, _work_noted(stream, event, plan))
        await requests.debit(work, stream, plan)

    async def declined(self, envelope: Envelope, event: TicketDeclined, work: Work) -> None:
        stream = await requests.load_case(work, envelope.provider, event.ticket_no)
        requests.request_of(stream)
        held = await requests.load_wallet(work, stream)
        said = {"clause": event.clause, "reason": event.reason}
        changes = debiting.decline(stream.state, held.state, **said, by=event.declined_by, now=work.now)
        requests.record(work, stream, held, changes)
        for appointment in stream.state.appointments:
            await booking.settle(work, envelope.provider, appointment.booking_id, "declined")

    async def closed(self, envelope: Envelope, event: TicketClosed, work: Work) -> None:
        stream = await requests.load_case(work, envelope.provider, event.ticket_no)
        requests.request_of(stream)
        held = await requests.load_wallet(work, stream)
        requests.record(work, stream, held, debiting.close(stream.state, held.state, work.now))

    async def reopened(self, envelope: Envelope, event: TicketReopened, work: Work) -> None:
        await requests.reopen(work, await requests.load_case(work, envelope.provider, event.ticket_no))


class SettleBookings(Reactor):
    """The incidents that pay a booking: what was not begun by its end goes back, and all of it if there is no work."""

    name = "settle-bookings"
    logs = ("dispatch",)

    def reactions(self) -> Sequence[On]:
        return (On(BookingCompleted, self.completed), On(BookingCancelled, self.cancelled))

    async def completed(self, envelope: Envelope, event: BookingCompleted, work: Work) -> None:
        await booking.settle(work, envelope.provider, event.booking_id, "completed", event.completed_at)

    async def cancelled(self, envelope: Envelope, event: BookingCancelled, work: Work) -> None:
        await booking.settle(work, envelope.provider, event.booking_id, "cancelled")


class CreditOrder(Reactor):
    """A paid order becomes lots, and contracts that come with the payment; what the request behind it still owes is
    debited from the lot at once. One whose invoice is taken back comes to nothing."""

    name = "credit-order"
    logs = ("billing",)

    def reactions(self) -> Sequence[On]:
        return (On(InvoicePaid, self.paid), On(CreditNoteIssued, self.credited))

    async def credited(self, envelope: Envelope, event: CreditNoteIssued, work: Work) -> None:
        """What nobody gave back, and whose invoice is gone all the same, comes to nothing."""
        if not event.part:
            order_id = streams.order_of_invoice(event.invoice_no)
            bought = await work.load(folds.ORDER, envelope.provider, streams.order(envelope.provider, order_id))
            work.record(bought, *order.lapse(bought.state, event.reason, work.now))
            await quotes.undone(work, bought)

    async def paid(self, envelope: Envelope, event: InvoicePaid, work: Work) -> None:
        if event.charge_id is not None:
            return  # a charge of the terms, such as for an overdue return, credits nothing
        provider = envelope.provider
        bought = await work.load(folds.ORDER, provider, streams.order(provider, event.order_id))
        if not bought.state.exists:
            raise LookupError(f"{event.invoice_no} is for {bought.name}, which does not exist")
        paid = order.pay(
            bought.state,
            invoice_no=event.invoice_no,
            paid_on=event.paid_on,
            confirmed_at=event.occurred_at,
            now=work.now,
        )
        if not paid:
            return
        published = (await terms.plans(work, provider, bought.state.plan_family)).state
        plan = terms.pinned(published, bought.state.plan_family, bought.state.plan_version)
        work.record(bought, *paid)
        for lot in order.lots_of(bought.state, plan, event.paid_on):
            credited = await work.load(folds.WALLET, provider, streams.wallet(provider, lot.wallet_id))
            work.record(credited, *wallet.credit(credited.state, lot, work.now))
            if bought.state.quote_id is not None:
                await _settle(work, bought.state.quote_id, credited, lot.lot_id)
        await ordering.paid(work, bought, plan, event.paid_on)
        if bought.state.quote_id is not None:
            await quotes.paid(work, bought)


class ReplaceAssets(Reactor):
    """A replacement, delivered or exchanged on site, takes the old unit's place in the register, with its facts and
    contracts."""

    name = "replace-assets"
    logs = ("dispatch",)

    def reactions(self) -> Sequence[On]:
        return (On(UnitDelivered, self.delivered), On(UnitExchanged, self.exchanged))

    async def delivered(self, envelope: Envelope, event: UnitDelivered, work: Work) -> None:
        done = asset.Exchange(
            customer_id=event.customer_id,
            old_serial=asset.normalised(event.defective_serial),
            new_serial=asset.normalised(event.serial),
            part=event.part,
            replaced_on=event.received_on,
            delivered_at=event.delivered_at,
            shipment_id=event.shipment_id,
        )
        await self._replace(work, envelope.provider, done)

    async def exchanged(self, envelope: Envelope, event: UnitExchanged, work: Work) -> None:
        """On the provider's local date by the terms of the request."""
        case = await requests.load_case(work, envelope.provider, event.ticket_no)
        plan = await requests.plan_of(work, case)
        done = asset.Exchange(
            customer_id=event.customer_id,
            old_serial=asset.normalised(event.defective_serial),
            new_serial=asset.normalised(event.serial),
            part=event.part,
            replaced_on=plan.calendar.local_date(event.exchanged_at),
            delivered_at=event.exchanged_at,
            shipment_id=event.visit_id,
        )
        await self._replace(work, envelope.provider, done)

    async def _replace(self, work: Work, provider: str, done: asset.Exchange) -> None:
        old, new = await work.load_all(
            provider,
            (folds.ASSET, streams.asset(provider, done.old_serial)),
            (folds.ASSET, streams.asset(provider, done.new_serial)),
        )
        on_old, on_new = asset.exchange(old.state, new.state, done)
        work.record(old, *on_old)
        work.record(new, *on_new)


class OrderFromQuote(Reactor):
    """An accepted offer is an order, at the price that was offered. What it is for, if it was not included, goes on."""

    name = "order-from-quote"
    logs = ("billing",)

    def reactions(self) -> Sequence[On]:
        return (On(QuoteAccepted, self.accepted),)

    async def accepted(self, envelope: Envelope, event: QuoteAccepted, work: Work) -> None:
        provider, order_id = envelope.provider, streams.order_of_quote(event.quote_id)
        bought = await work.load(folds.ORDER, provider, streams.order(provider, order_id))
        if bought.state.exists:
            return
        wanted = order.Place(
            order_id=order_id,
            customer_id=event.customer_id,
            plan_family=event.plan_family,
            product=event.product,
            quantity=event.quantity,
            requested_on=await quotes.today(work, provider, event.plan_family),
            quote_id=event.quote_id,
        )
        await quotes.accept(work, bought, wanted)


async def _settle(work: Work, quote_id: str, credited: Stream[wallet.Wallet], lot_id: str) -> None:
    debit_id = streams.debit_of_quote(quote_id)
    stream = await requests.load_case(work, credited.provider, streams.ticket_of(debit_id))
    short = stream.state.shortfall(debit_id)
    if short is not None:
        changes = debiting.settle(stream.state, credited.state, short, lot_id, work.now)
        requests.record(work, stream, credited, changes)


def _work_noted(stream: Stream[case.Case], event: WorkRecorded, plan: Plan) -> WorkNoted:
    """The fact, with what the request owes by the plan's metering once it counts (IIJ-07)."""
    request = requests.request_of(stream)
    entry = case.Entry(event.work_id, event.kind, event.started_at, event.minutes)
    work = (*stream.state.work, entry)
    return WorkNoted(
        occurred_at=event.occurred_at,
        ticket_no=event.ticket_no,
        customer_id=request.customer_id,
        work_id=event.work_id,
        kind=event.kind,
        started_at=event.started_at,
        minutes=event.minutes,
        counted=debiting.counted(plan, request, entry),
        minutes_total=sum(each.minutes for each in work if debiting.counted(plan, request, each)),
        units_due=debiting.owed(plan, stream.state, work),
    )


def _serial(serial: str | None) -> str | None:
    return asset.normalised(serial) if serial else None


REACTORS = (FollowRequests(), SettleBookings(), CreditOrder(), OrderFromQuote(), ReplaceAssets())
