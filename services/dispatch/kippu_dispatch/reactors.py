"""What dispatch decides when it hears that coverage was decided, or that a request ended."""

from collections.abc import Sequence
from datetime import datetime

from kippu_events.catalogue.billing import PaidTooLate
from kippu_events.catalogue.bookings import BookingAccepted, BookingSettled
from kippu_events.catalogue.entitlement import (
    CoverageDecided,
    OrderPaid,
    RequestClosed,
    RequestDeclined,
    RequestReopened,
)
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.work import Stream, Work

from kippu_dispatch.domain import booking, planning, staffing, visit_planning
from kippu_dispatch.domain.visit import Visits
from kippu_dispatch.recording import record
from kippu_dispatch.streams import booking_of, capacity_of, shipments_of, visits_of


class PlanVisit(Reactor):
    """Keeps a request's visits in step with the latest decision on it, with an engineer for each (IIJ-09). What is to
    come is called off as it ends. Decisions and ends are of one stream, so that they are heard in their order."""

    name = "plan-visit"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (
            On(CoverageDecided, self._decided),
            On(RequestDeclined, self._declined),
            On(RequestClosed, self._closed),
        )

    async def _decided(self, envelope: Envelope, decided: CoverageDecided, work: Work) -> None:
        visits = await visits_of(work, envelope.provider, decided.ticket_no)
        await _staff(work, visits, visit_planning.plan(visits.state, decided, envelope.recorded_at))

    async def _declined(self, envelope: Envelope, declined: RequestDeclined, work: Work) -> None:
        visits = await visits_of(work, envelope.provider, declined.ticket_no)
        no, customer_id, at = declined.ticket_no, declined.customer_id, envelope.recorded_at
        await _staff(work, visits, visit_planning.note_decline(visits.state, no, customer_id, at))

    async def _closed(self, envelope: Envelope, closed: RequestClosed, work: Work) -> None:
        visits = await visits_of(work, envelope.provider, closed.ticket_no)
        no, customer_id, at = closed.ticket_no, closed.customer_id, envelope.recorded_at
        await _staff(work, visits, visit_planning.note_close(visits.state, no, customer_id, at))


class PlanShipment(Reactor):
    """Keeps a request's shipments in step with the latest decision on it (QNP-01, QNP-02), and its units free."""

    name = "plan-shipment"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (
            On(CoverageDecided, self._decided),
            On(RequestDeclined, self._declined),
            On(RequestClosed, self._closed),
            On(RequestReopened, self._reopened),
        )

    async def _decided(self, envelope: Envelope, decided: CoverageDecided, work: Work) -> None:
        shipments = await shipments_of(work, envelope.provider, decided.ticket_no)
        await record(work, shipments, planning.plan(shipments.state, decided, envelope.recorded_at))

    async def _declined(self, envelope: Envelope, declined: RequestDeclined, work: Work) -> None:
        await self._stop(work, envelope, declined, "the request was declined")

    async def _closed(self, envelope: Envelope, closed: RequestClosed, work: Work) -> None:
        await self._stop(work, envelope, closed, "the request was closed")

    async def _stop(self, work: Work, envelope: Envelope, ended: RequestDeclined | RequestClosed, reason: str) -> None:
        shipments = await shipments_of(work, envelope.provider, ended.ticket_no)
        at: datetime = envelope.recorded_at
        await record(work, shipments, planning.stop(shipments.state, ended.ticket_no, ended.customer_id, at, reason))

    async def _reopened(self, envelope: Envelope, reopened: RequestReopened, work: Work) -> None:
        shipments = await shipments_of(work, envelope.provider, reopened.ticket_no)
        no, customer_id, at = reopened.ticket_no, reopened.customer_id, envelope.recorded_at
        work.record(shipments, *planning.resume(shipments.state, no, customer_id, at))


class FollowBookings(Reactor):
    """An accepted booking waits for its payment, and is confirmed by it (CWC-16); it falls with its request."""

    name = "follow-bookings"
    logs = ("entitlement", "billing")

    def reactions(self) -> Sequence[On]:
        return (
            On(BookingAccepted, self._accepted),
            On(OrderPaid, self._paid),
            On(PaidTooLate, self._paid_too_late),
            On(BookingSettled, self._settled),
        )

    async def _accepted(self, envelope: Envelope, accepted: BookingAccepted, work: Work) -> None:
        stream = await booking_of(work, envelope.provider, accepted.booking_id)
        work.record(stream, *booking.take(stream.state, accepted, work.now))

    async def _paid(self, envelope: Envelope, paid: OrderPaid, work: Work) -> None:
        stream = await booking_of(work, envelope.provider, paid.order_id)
        confirmed_at = paid.confirmed_at or envelope.recorded_at
        work.record(stream, *booking.pay(stream.state, paid.paid_on, confirmed_at, work.now))

    async def _paid_too_late(self, envelope: Envelope, paid: PaidTooLate, work: Work) -> None:
        stream = await booking_of(work, envelope.provider, paid.order_id)
        work.record(stream, *booking.pay_late(stream.state, paid.paid_on, work.now))

    async def _settled(self, envelope: Envelope, settled: BookingSettled, work: Work) -> None:
        if settled.reason == "declined":
            stream = await booking_of(work, envelope.provider, settled.booking_id)
            work.record(stream, *booking.note_decline(stream.state, work.now))


async def _staff(work: Work, visits: Stream[Visits], events: Sequence[Event]) -> None:
    """An engineer who is free goes to what is booked, and is free again of what is withdrawn, in the same append."""
    if not events:
        return
    capacity = await capacity_of(work, visits.provider)
    staffed = staffing.staff(visits.state, capacity.state, events, None)
    work.record(visits, *staffed.visits)
    work.record(capacity, *staffed.capacity)
