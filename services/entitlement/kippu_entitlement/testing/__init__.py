"""For tests of entitlement: a world in which it hears other services' events, on any log, by its real reactors."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from kippu_events.catalogue.billing import CreditNoteIssued, InvoicePaid, QuoteAccepted
from kippu_events.catalogue.bookings import BookingCancelled, BookingCompleted
from kippu_events.catalogue.dispatch import UnitExchanged
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
from kippu_events.catalogue.values import Channel, RequestDetails, WorkKind
from kippu_events.consumer.reactor import Reactions
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import SystemIds, VirtualClock
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_privacy import Plain
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault
from kippu_terms.loading import load

from kippu_entitlement import folds, terms
from kippu_entitlement.domain import asset, case, contact, customer, order, plan, streams, wallet
from kippu_entitlement.reactors import REACTORS

AnEvent = TypeVar("AnEvent", bound=Event)
AState = TypeVar("AState")

PROVIDER = "iij"
FAMILY = "iij-se"
CUSTOMER = "customer-1"
WALLET = f"{CUSTOMER}.{FAMILY}"

_COUNTED = Fold(int, int, lambda count_, _event: count_ + 1, version=1)
"""How the other services' streams are loaded here: by their length."""

DEVICE = asset.Asset(
    customer_id=CUSTOMER,
    serial="DEVICE-1",
    model="Switch 24",
    plan_family=FAMILY,
    bought_from_provider=True,
    bought_on=date(2025, 5, 1),
    warranty_until=date(2028, 4, 30),
    installed_by="provider",
)


class World:
    """Entitlement with its own log, and the logs of those it hears. It begins with a plan, a customer and a device."""

    def __init__(self, plan_text: str, clock: VirtualClock, log: Log | None = None, vault: Vault | None = None) -> None:
        self.plan_text = plan_text
        plan = load(plan_text)
        self.provider, self.family = plan.provider, plan.family
        self.wallet_id = f"{CUSTOMER}.{plan.family}"
        self.clock = clock
        self.log: Log = log or MemoryLog("entitlement")
        self.vault = vault or Vault(MemoryKeyring())
        self.worker = Worker(self.log, self.clock, SystemIds(), self.vault)
        self.heard: dict[str, Log] = {name: MemoryLog(name) for name in ("intake", "billing", "dispatch")}
        self._reactions = [(reactor, Reactions("entitlement", reactor, self.worker)) for reactor in REACTORS]
        self._commands, self._ids = count(1), SystemIds()

    @property
    def today(self) -> date:
        return load(self.plan_text).calendar.local_date(self.clock.now())

    async def begin(self, *assets: asset.Asset) -> "World":
        await self.publish(self.plan_text)
        await self.run(self._register_customer)
        for each in assets or (replace(DEVICE, plan_family=self.family),):
            await self.register(each)
        return self

    async def run(self, decide: Any, command_id: str | None = None) -> Any:
        """A command of a person."""
        done = await self.worker.run(Cause(command_id or f"test:{next(self._commands)}", "client:test"), decide)
        return done.result

    async def publish(self, source: str) -> None:
        read = load(source)

        async def decide(work: Work) -> None:
            stream = await terms.plans(work, self.provider, read.family)
            events = plan.publish(
                stream.state,
                family=read.family,
                version=read.version,
                effective_from=read.effective_from,
                source=source,
                today=read.calendar.local_date(work.now),
                now=work.now,
            )
            work.record(stream, *events)

        await self.run(decide)

    async def _register_customer(self, work: Work) -> None:
        stream = await work.load(folds.CUSTOMER, self.provider, streams.customer(self.provider, CUSTOMER))
        sales = contact.Person("sales-1", "Salesperson One", "sales-1@provider.example")
        command = customer.Register(self.provider, CUSTOMER, "Customer One", "th", "TH", sales)
        work.record(stream, *customer.register(stream.state, command, work.now))
        known = await work.load(folds.CONTACT, self.provider, streams.contact(self.provider, "contact-1"))
        one = contact.Contact("contact-1", "Contact One", "one@customer-1.example", "th")
        work.record(known, contact.add(known.state, self.provider, CUSTOMER, one, work.now))

    async def register(self, *wanted: asset.Asset) -> None:
        async def decide(work: Work) -> None:
            for each in wanted:
                stream = await work.load(folds.ASSET, self.provider, streams.asset(self.provider, each.serial))
                work.record(stream, *asset.register(stream.state, each, work.now))

        await self.run(decide)

    async def credit(self, lot_id: str, quantity: int, days: int) -> None:
        """A lot that is valid from a year ago, for so many days from now on."""

        async def decide(work: Work) -> None:
            stream = await work.load(folds.WALLET, self.provider, streams.wallet(self.provider, self.wallet_id))
            first, last = work.now - timedelta(days=365), work.now + timedelta(days=days)
            lot = wallet.Credit(self.wallet_id, CUSTOMER, self.family, lot_id, lot_id, quantity, first, last)
            work.record(stream, *wallet.credit(stream.state, lot, work.now))

        await self.run(decide)

    async def tell(self, event: Event) -> Envelope:
        """Another service recorded this; nobody reacts yet."""
        log = self.heard[event.publisher]
        worker = Worker(log, self.clock, self._ids, self.vault)
        name = _stream_of(event, self.provider)

        async def decide(work: Work) -> None:
            work.record(await work.load(_COUNTED, self.provider, name), event)

        await worker.run(Cause(f"test:{self._ids.event_id()}", "client:test"), decide)
        return (await log.read_stream(name))[-1]

    async def hear(self, event: Event) -> Envelope:
        """Another service recorded this, and every reactor that subscribes to it reacts."""
        envelope = await self.tell(event)
        await self.react(envelope)
        return envelope

    async def react(self, envelope: Envelope) -> None:
        for reactor, reactions in self._reactions:
            if envelope.log in reactor.logs and reactions.interest.takes(envelope.type):
                await reactions.react(envelope)

    async def opened(self, ticket_no: str = "KP-0000-0001", **facts: Any) -> None:
        await self.hear(self.opening(ticket_no, **facts))

    def opening(self, ticket_no: str = "KP-0000-0001", **facts: Any) -> TicketOpened:
        usual = {
            "category": "fault",
            "asset_serial": "DEVICE-1",
            "received_at": self.clock.now(),
            "contact_id": "contact-1",
        }
        return TicketOpened(
            occurred_at=self.clock.now(),
            ticket_no=ticket_no,
            customer_id=CUSTOMER,
            plan_family=self.family,
            channel=Channel.PORTAL,
            language="th",
            subject=Plain(f"contact-{self.provider}-contact-1", "A request"),
            **{**usual, **facts},
        )

    async def classified(self, ticket_no: str = "KP-0000-0001", **facts: Any) -> None:
        usual = {"category": "fault", "asset_serial": "DEVICE-1"}
        event = TicketClassified(
            occurred_at=self.clock.now(), ticket_no=ticket_no, customer_id=CUSTOMER, **{**usual, **facts}
        )
        await self.hear(event)

    async def isolated(self, ticket_no: str = "KP-0000-0001", **found: Any) -> None:
        usual = {"asset_serial": "DEVICE-1", "isolated_at": self.clock.now()}
        event = FaultIsolated(
            occurred_at=self.clock.now(),
            ticket_no=ticket_no,
            customer_id=CUSTOMER,
            isolated_by="engineer-1",
            **{**usual, **found},
        )
        await self.hear(event)

    async def said(self, ticket_no: str = "KP-0000-0001", answered_at: datetime | None = None, **details: Any) -> None:
        event = RequestDetailsRecorded(
            occurred_at=self.clock.now(),
            ticket_no=ticket_no,
            customer_id=CUSTOMER,
            details=RequestDetails(**details),
            recorded_by="operator-1",
            answered_at=answered_at,
        )
        await self.hear(event)

    async def delivered(self, shipment_id: str, serial: str, defective_serial: str, **changes: Any) -> None:
        await self.hear(self.delivering(shipment_id, serial, defective_serial, **changes))

    def delivering(self, shipment_id: str, serial: str, defective_serial: str, **changes: Any) -> UnitDelivered:
        """Dispatch's news of a delivery: now, and today."""
        event = UnitDelivered(
            occurred_at=self.clock.now(),
            shipment_id=shipment_id,
            ticket_no=shipment_id.partition(".")[0],
            customer_id=CUSTOMER,
            serial=serial,
            defective_serial=defective_serial,
            delivered_at=self.clock.now(),
            received_on=self.today,
        )
        return event.model_copy(update=changes)

    async def worked(self, minutes: int, ticket_no: str = "KP-0000-0001", **changes: Any) -> None:
        await self.hear(self.work(minutes, ticket_no, **changes))

    def work(self, minutes: int, ticket_no: str = "KP-0000-0001", **changes: Any) -> WorkRecorded:
        usual = {"kind": WorkKind.ISOLATION, "started_at": self.clock.now()}
        return WorkRecorded(
            occurred_at=self.clock.now(),
            ticket_no=ticket_no,
            customer_id=CUSTOMER,
            work_id=str(self._ids.event_id()),
            minutes=minutes,
            recorded_by="operator-1",
            **{**usual, **changes},
        )

    async def declined(self, ticket_no: str = "KP-0000-0001", clause: str = "IIJ-05") -> None:
        await self.hear(self.declining(ticket_no, clause))

    def declining(self, ticket_no: str = "KP-0000-0001", clause: str = "IIJ-05") -> TicketDeclined:
        return TicketDeclined(
            occurred_at=self.clock.now(), ticket_no=ticket_no, customer_id=CUSTOMER, clause=clause, reason="no"
        )

    async def reopened(self, ticket_no: str = "KP-0000-0001") -> None:
        await self.hear(self.reopening(ticket_no))

    def reopening(self, ticket_no: str = "KP-0000-0001") -> TicketReopened:
        return TicketReopened(occurred_at=self.clock.now(), ticket_no=ticket_no, customer_id=CUSTOMER)

    async def closed(self, ticket_no: str = "KP-0000-0001") -> None:
        await self.hear(self.closing(ticket_no))

    def closing(self, ticket_no: str = "KP-0000-0001") -> TicketClosed:
        return TicketClosed(occurred_at=self.clock.now(), ticket_no=ticket_no, customer_id=CUSTOMER)

    async def quote_accepted(self, quote_id: str, product: str = "se-10", quantity: int = 1) -> None:
        await self.hear(
            QuoteAccepted(
                occurred_at=self.clock.now(),
                quote_id=quote_id,
                customer_id=CUSTOMER,
                plan_family=self.family,
                product=product,
                quantity=quantity,
                accepted_by="client:portal-1",
            )
        )

    async def invoice_paid(self, order_id: str, paid_on: date) -> None:
        await self.hear(self.paying(order_id, paid_on))

    def paying(self, order_id: str, paid_on: date) -> InvoicePaid:
        return InvoicePaid(
            occurred_at=self.clock.now(),
            invoice_no=f"INV-{order_id}",
            customer_id=CUSTOMER,
            order_id=order_id,
            paid_on=paid_on,
        )

    async def events(self, stream: str, kind: type[AnEvent]) -> list[AnEvent]:
        """A stream's events of one kind, in order."""
        return [each.event for each in await self.log.read_stream(stream) if isinstance(each.event, kind)]

    async def on_case(self, kind: type[AnEvent], ticket_no: str = "KP-0000-0001") -> list[AnEvent]:
        return await self.events(streams.case(self.provider, ticket_no), kind)

    async def on_wallet(self, kind: type[AnEvent]) -> list[AnEvent]:
        return await self.events(streams.wallet(self.provider, self.wallet_id), kind)

    async def state(self, fold: Fold[AState], stream: str) -> AState:
        work = Work(self.log, self.clock.now(), self._ids, Cause("test:read", "client:test"))
        return (await work.load(fold, self.provider, stream)).state

    async def wallet(self) -> wallet.Wallet:
        return await self.state(folds.WALLET, streams.wallet(self.provider, self.wallet_id))

    async def asset(self, serial: str) -> asset.Asset:
        return await self.state(folds.ASSET, streams.asset(self.provider, serial))

    async def case(self, ticket_no: str = "KP-0000-0001") -> case.Case:
        return await self.state(folds.CASE, streams.case(self.provider, ticket_no))

    async def order(self, order_id: str) -> order.Order:
        return await self.state(folds.ORDER, streams.order(self.provider, order_id))


def _stream_of(event: Event, provider: str) -> str:
    match event:
        case TicketOpened() | TicketClassified() | RequestDetailsRecorded():
            return f"ticket-{provider}-{event.ticket_no}"
        case FaultIsolated() | WorkRecorded() | TicketDeclined() | TicketClosed() | TicketReopened():
            return f"ticket-{provider}-{event.ticket_no}"
        case UnitDelivered() | UnitExchanged():
            kind = "shipments" if isinstance(event, UnitDelivered) else "visits"
            return f"{kind}-{provider}-{event.ticket_no}"
        case BookingCompleted() | BookingCancelled():
            return f"booking-{provider}-{event.booking_id}"
        case QuoteAccepted():
            return f"quote-{provider}-{event.quote_id}"
        case InvoicePaid() | CreditNoteIssued():
            return f"invoice-{provider}-{event.invoice_no}"
        case _:
            raise LookupError(f"entitlement does not hear {event.type}")
