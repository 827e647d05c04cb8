"""What intake makes of the others' news: the request moves on, and its contact is told."""

from collections.abc import Sequence

from kippu_events.catalogue.billing import QuoteOffered, QuoteRefused
from kippu_events.catalogue.contracts import DocumentIssued
from kippu_events.catalogue.dispatch import VisitBooked, VisitDeclined, VisitHeld, VisitPostponed, VisitWithdrawn
from kippu_events.catalogue.entitlement import CoverageDecided, RequestReopened
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    RedirectionTooLate,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentEvent,
    UnitReturned,
    UnitShipped,
)
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.work import Work

from kippu_intake.domain import answers, documents, shipping
from kippu_intake.folds import mail_of, opened_ticket_of


class AnswerDecision(Reactor):
    """Refused: declined, with the clause (IIJ-05). Waiting: for whom (IIJ-06). Else the request goes on; reopened, it
    waits if it would only be refused again."""

    name = "answer-decision"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (On(CoverageDecided, self._decided), On(RequestReopened, self._reopened))

    async def _decided(self, envelope: Envelope, decided: CoverageDecided, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, decided.ticket_no)
        work.record(ticket, *answers.to_decision(ticket.state, decided, work.now))

    async def _reopened(self, envelope: Envelope, reopened: RequestReopened, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, reopened.ticket_no)
        work.record(ticket, *answers.to_reopening(ticket.state, reopened, work.now))


class AnswerVisit(Reactor):
    """Held, booked, postponed, declined or called off: the customer is told which (IIJ-09)."""

    name = "answer-visit"
    logs = ("dispatch",)

    def reactions(self) -> Sequence[On]:
        return (
            On(VisitHeld, self._held),
            On(VisitBooked, self._booked),
            On(VisitPostponed, self._postponed),
            On(VisitDeclined, self._declined),
            On(VisitWithdrawn, self._withdrawn),
        )

    async def _held(self, envelope: Envelope, held: VisitHeld, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, held.ticket_no)
        work.record(ticket, *answers.to_held_visit(ticket.state, held, work.now))

    async def _booked(self, envelope: Envelope, booked: VisitBooked, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, booked.ticket_no)
        work.record(ticket, *answers.to_booked_visit(ticket.state, booked, work.now))

    async def _postponed(self, envelope: Envelope, postponed: VisitPostponed, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, postponed.ticket_no)
        work.record(ticket, *answers.to_postponed_visit(ticket.state, postponed, work.now))

    async def _declined(self, envelope: Envelope, declined: VisitDeclined, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, declined.ticket_no)
        work.record(ticket, *answers.to_declined_visit(ticket.state, declined, work.now))

    async def _withdrawn(self, envelope: Envelope, withdrawn: VisitWithdrawn, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, withdrawn.ticket_no)
        work.record(ticket, *answers.to_withdrawn_visit(ticket.state, withdrawn, work.now))


class AnswerShipment(Reactor):
    """What ships and what is due back: the customer is told each step (QNP-01, QNP-02)."""

    name = "answer-shipment"
    logs = ("dispatch",)

    def reactions(self) -> Sequence[On]:
        return (
            On(UnitShipped, self._left),
            On(DeliveryFailed, self._came_back),
            On(RedirectionTooLate, self._tell),
            On(ReturnExpected, self._tell),
            On(ReturnReminded, self._tell),
            On(ReturnOverdue, self._tell),
            On(ReturnMismatched, self._tell),
            On(UnitReturned, self._tell),
        )

    async def _left(self, envelope: Envelope, shipped: UnitShipped, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, shipped.ticket_no)
        noted = shipping.noted(shipped, under_way=True, clause=shipped.clause)
        work.record(ticket, noted, *shipping.to_shipment(ticket.state, shipped, work.now))

    async def _came_back(self, envelope: Envelope, failed: DeliveryFailed, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, failed.ticket_no)
        work.record(ticket, shipping.noted(failed, under_way=False))

    async def _tell(self, envelope: Envelope, event: ShipmentEvent, work: Work) -> None:
        ticket = await opened_ticket_of(work, envelope.provider, event.ticket_no)
        work.record(ticket, *shipping.to_shipment(ticket.state, event, work.now))


class SendDocuments(Reactor):
    """What was issued about a contract goes to its maintenance contact (SVT-10)."""

    name = "send-documents"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (On(DocumentIssued, self._issued),)

    async def _issued(self, envelope: Envelope, issued: DocumentIssued, work: Work) -> None:
        mail = await mail_of(work, envelope.provider, issued.document_id)
        work.record(mail, *documents.mail_with(issued, work.now))


class AnswerShortfall(Reactor):
    """What the wallet lacks, or the terms do not include, is offered; and who accepted it is told if the terms refuse
    the order. An offer that belongs to no request is not intake's to send."""

    name = "answer-shortfall"
    logs = ("billing",)

    def reactions(self) -> Sequence[On]:
        return (On(QuoteOffered, self._offered), On(QuoteRefused, self._refused))

    async def _offered(self, envelope: Envelope, offered: QuoteOffered, work: Work) -> None:
        if offered.ticket_no is None:
            return
        ticket = await opened_ticket_of(work, envelope.provider, offered.ticket_no)
        work.record(ticket, *answers.to_offer(ticket.state, offered, work.now))

    async def _refused(self, envelope: Envelope, refused: QuoteRefused, work: Work) -> None:
        if refused.ticket_no is None:
            return
        ticket = await opened_ticket_of(work, envelope.provider, refused.ticket_no)
        work.record(ticket, *answers.to_refused_order(ticket.state, refused, work.now))
