"""What becomes of an accepted quote's order: refused, placed again, or undone with its request; in every order in which
billing may hear of it, and whatever was paid meanwhile."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from kippu_billing.domain import invoice, paying, quote
from kippu_billing.domain.invoice import Invoice
from kippu_billing.domain.paying import Payment
from kippu_billing.domain.quote import Quote, Status
from kippu_billing.reactors import CreditBookings, InvoiceOrder, OfferWork
from kippu_billing.streams import INVOICE, QUOTE, invoice_of, quote_of
from kippu_events.catalogue.billing import (
    CreditNoteIssued,
    InvoiceIssued,
    QuoteOrdered,
    QuoteRefused,
    QuoteUndone,
    RefundDue,
)
from kippu_events.catalogue.bookings import BookingCancelled
from kippu_events.catalogue.entitlement import CoverageDecided, OrderAccepted, OrderRefused
from kippu_events.catalogue.quoting import QuoteNeed, QuoteUnserved
from kippu_events.catalogue.values import Outcome, Price, PriceLine
from kippu_events.consumer.reactor import Reactions
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import SystemIds, VirtualClock
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault
from kippu_terms.refusal import Refused

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
TODAY = date(2026, 6, 1)
TICKET, QUOTE_ID, ORDER_ID = "KP-0000-0001", "Q-KP-0000-0001.D1", "O-KP-0000-0001.D1"
NUMBER = f"INV-{ORDER_ID}"
ABOUT: dict[str, Any] = {"occurred_at": NOW, "customer_id": "customer-1"}
PRICE = Price(
    currency="JPY",
    lines=(
        PriceLine(product="chargeable-repair", description="x", quantity=1, unit_price=60_000, tax_rate_permyriad=1000),
    ),
    tax_name="tax",
    tax_rounding="down",
    payment_days=30,
    time_zone="Asia/Tokyo",
)
TOTAL = 66_000
DECIDED = CoverageDecided(
    **ABOUT,
    ticket_no=TICKET,
    contact_id="contact-1",
    decision=1,
    plan_family="qnp",
    plan_version="2026-04-01",
    outcome=Outcome.QUOTE,
    deciding_clause="QNP-03",
    findings=(),
    remedies=(),
    facts={},
    quote=QuoteNeed(
        quote_id=QUOTE_ID,
        clause="QNP-03",
        product="chargeable-repair",
        quantity=1,
        price=PRICE,
        valid_until=date(2026, 6, 15),
    ),
)
REFUSED = OrderRefused(
    **ABOUT, order_id=ORDER_ID, clauses=("CWC-20",), reasons=("Not for competitors.",), quote_id=QUOTE_ID
)
ACCEPTED = OrderAccepted(
    **ABOUT,
    order_id=ORDER_ID,
    plan_family="qnp",
    plan_version="2026-04-01",
    product="chargeable-repair",
    quantity=1,
    price=PRICE,
    tickets=0,
    contacts={"contact-1": "ja"},
    quote_id=QUOTE_ID,
)
UNSERVED = QuoteUnserved(**ABOUT, quote_id=QUOTE_ID, ticket_no=TICKET, clause="QNP-03", order_id=ORDER_ID)
PAY = "pay"
_ANY = Fold(int, int, lambda heard, _event: heard + 1, version=1)


class House:
    """Billing's reactors and streams on a log in memory, with a quote that was accepted."""

    def __init__(self) -> None:
        self.log, clock = MemoryLog("billing"), VirtualClock(NOW)
        self.entitlement = MemoryLog("entitlement")
        self.worker, self._elsewhere = (
            Worker(log, clock, SystemIds(), Vault(MemoryKeyring())) for log in (self.log, self.entitlement)
        )
        self._reactions = [
            Reactions("billing", each, self.worker) for each in (InvoiceOrder(), OfferWork(), CreditBookings())
        ]
        self._commands = count(1)

    async def begin(self) -> "House":
        await self.hear(DECIDED)
        await self._run(self._accept)
        return self

    async def told(self, event: Event) -> Envelope:
        """Entitlement records it, on a stream for each kind of what it is about."""
        stream = f"order-qnp-{ORDER_ID}" if isinstance(event, OrderAccepted | OrderRefused) else f"case-qnp-{TICKET}"

        async def decide(work: Work) -> None:
            work.record(await work.load(_ANY, "qnp", stream), event)

        await self._elsewhere.run(self._cause(), decide)
        return (await self.entitlement.read_stream(stream))[-1]

    async def hear(self, event: Event) -> None:
        envelope = await self.told(event)
        for reactions in self._reactions:
            if reactions.interest.takes(envelope.type):
                await reactions.react(envelope)

    async def pay(self, amount: int = TOTAL) -> None:
        async def decide(work: Work) -> None:
            stream = await invoice_of(work, "qnp", NUMBER)
            work.record(stream, *paying.receive(stream.state, NUMBER, Payment("p-1", amount, "JPY", TODAY), NOW))

        await self._run(decide)

    async def states(self) -> tuple[Quote, Invoice]:
        work = Work(self.log, NOW, SystemIds(), Cause("peek", "peek"))
        quoted, invoiced = await work.load_all(
            "qnp", (QUOTE, quote.stream_of("qnp", QUOTE_ID)), (INVOICE, invoice.stream_of("qnp", NUMBER))
        )
        return quoted.state, invoiced.state

    async def events(self, *types: type[Event]) -> list[Any]:
        return [each.event for each in await self.log.read(0) if isinstance(each.event, types)]

    async def _accept(self, work: Work) -> None:
        stream = await quote_of(work, "qnp", QUOTE_ID)
        work.record(stream, quote.accept(stream.state, QUOTE_ID, "client:portal-1", NOW))

    async def _run(self, decide: Any) -> None:
        await self.worker.run(self._cause(), decide)

    def _cause(self) -> Cause:
        return Cause(f"test:{next(self._commands)}", "client:test")


@pytest.fixture
async def house() -> House:
    return await House().begin()


async def test_a_quote_says_that_the_terms_refuse_its_order_until_that_is_placed_again(house: House) -> None:
    await house.hear(REFUSED)
    (refused,) = await house.events(QuoteRefused)
    assert (refused.clauses, refused.reasons, refused.ticket_no) == (("CWC-20",), ("Not for competitors.",), TICKET)
    assert (await house.states())[0].status is Status.REFUSED
    assert await house.events(InvoiceIssued) == [], "so nothing can have been paid"
    await house.hear(REFUSED)  # another event of the same content, not a redelivery
    assert len(await house.events(QuoteRefused)) == 1
    await house.hear(REFUSED.model_copy(update={"clauses": ("CWC-26",), "reasons": ("For members.",)}))
    (_, again) = await house.events(QuoteRefused)
    assert (again.clauses, again.reasons) == (("CWC-26",), ("For members.",)), "what stands against it now"
    await house.hear(ACCEPTED)
    await house.hear(REFUSED)
    quoted, invoiced = await house.states()
    assert (quoted.status, invoiced.outstanding) == (Status.ACCEPTED, TOTAL)
    assert len(await house.events(QuoteOrdered)) == 1
    assert len(await house.events(QuoteRefused)) == 2


def mixed(*histories: tuple[Any, ...]) -> Iterator[list[Any]]:
    """Every order in which these come in, each in its own."""
    if not any(histories):
        yield []
    for place, (first, *rest) in ((place, each) for place, each in enumerate(histories) if each):
        for others in mixed(*histories[:place], tuple(rest), *histories[place + 1 :]):
            yield [first, *others]


@pytest.mark.parametrize("on_order", [(ACCEPTED,), (REFUSED, ACCEPTED), (ACCEPTED, ACCEPTED)])
async def test_what_was_paid_for_a_declined_request_is_due_back_once_in_every_order(
    on_order: tuple[Event, ...],
) -> None:
    for steps in mixed(on_order, (UNSERVED, UNSERVED), (PAY,)):
        if steps.index(PAY) < steps.index(ACCEPTED):
            continue  # nobody pays what is not invoiced
        house = await House().begin()
        for step in steps:
            await (house.pay() if step is PAY else house.hear(step))
        quoted, invoiced = await house.states()
        assert (quoted.status, quoted.ordered) == (Status.UNDONE, True), steps
        assert (invoiced.credited, invoiced.received, invoiced.held) == (True, TOTAL, 0), steps
        (due,) = await house.events(RefundDue)
        assert (due.amount, due.credit_note_no, due.contacts) == (TOTAL, f"CN-{NUMBER}", {"contact-1": "ja"})
        paid_first = steps.index(PAY) < steps.index(UNSERVED)
        assert due.cause == ("not_served" if paid_first else "paid_too_late"), steps
        (note,) = await house.events(CreditNoteIssued)
        assert note.reason == f"the request {TICKET} was declined"
        assert len(await house.events(QuoteUndone)) == len(await house.events(QuoteOrdered)) == 1


async def test_a_booking_that_is_called_off_is_the_cause_of_its_refund_whatever_a_person_wrote(house: House) -> None:
    await house.hear(ACCEPTED)
    await house.pay()
    booked = {"booking_id": ORDER_ID, "contact_id": "contact-1", "language": "ja", "starts_at": NOW}
    called_off = {"paid_by": "invoice", "reason": "moved house", "cancelled_by": "client:desk-1"}
    await house.hear(BookingCancelled(**ABOUT, **booked, **called_off))
    (due,) = await house.events(RefundDue)
    assert (due.cause, due.amount) == ("booking_cancelled", TOTAL)


async def test_what_was_not_paid_is_owed_no_more_and_nothing_is_due_back(house: House) -> None:
    await house.hear(ACCEPTED)
    await house.hear(UNSERVED)
    quoted, invoiced = await house.states()
    assert (quoted.status, invoiced.outstanding, invoiced.refunds) == (Status.UNDONE, 0, ())


@pytest.mark.parametrize("first", [InvoiceOrder, OfferWork])
async def test_both_heard_at_the_same_moment_leave_no_invoice_that_nobody_takes_back(
    house: House, first: type[InvoiceOrder | OfferWork]
) -> None:
    """Each decides before the other has appended: whichever comes second has to decide again."""
    both_decided = asyncio.Barrier(2)
    first_is_done = asyncio.Event()

    async def react(reactor: InvoiceOrder | OfferWork, event: Event) -> None:
        envelope = await house.told(event)
        (reaction,) = (on.react for on in reactor.reactions() if on.event is type(event))
        tries = count(1)

        async def decide(work: Work) -> None:
            await reaction(envelope, event, work)
            if next(tries) == 1:
                await both_decided.wait()
                if type(reactor) is not first:
                    await first_is_done.wait()

        await house.worker.run(Cause(f"test:{type(reactor).__name__}", "reactor"), decide)
        first_is_done.set()

    await asyncio.gather(react(InvoiceOrder(), ACCEPTED), react(OfferWork(), UNSERVED))
    quoted, invoiced = await house.states()
    assert (quoted.status, quoted.ordered, invoiced.credited) == (Status.UNDONE, True, True)


@pytest.mark.parametrize(("heard", "status"), [(REFUSED, Status.REFUSED), (UNSERVED, Status.UNDONE)])
async def test_what_was_accepted_is_not_accepted_again(house: House, heard: Event, status: Status) -> None:
    await house.hear(heard)
    quoted, _ = await house.states()
    assert quoted.status is status
    with pytest.raises(Refused) as again:
        quote.accept(quoted, QUOTE_ID, "client:portal-1", NOW)
    assert (again.value.kind, again.value.faults[0].code) == ("conflict", "quote.accepted")
