"""What dispatch decides when it hears that coverage was decided, or that a request was declined."""

from collections.abc import Sequence

from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.intake import TicketDeclined
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.work import Work

from kippu_dispatch import domain
from kippu_dispatch.streams import visits_of


class PlanVisit(Reactor):
    """Keeps a request's visits in step with the latest decision on it (IIJ-09)."""

    name = "plan-visit"
    logs = ("entitlement", "intake")

    def reactions(self) -> Sequence[On]:
        return (On(CoverageDecided, self._decided), On(TicketDeclined, self._declined))

    async def _decided(self, envelope: Envelope, decided: CoverageDecided, work: Work) -> None:
        visits = await visits_of(work, envelope.provider, decided.ticket_no)
        work.record(visits, *domain.plan(visits.state, decided, envelope.recorded_at))

    async def _declined(self, envelope: Envelope, declined: TicketDeclined, work: Work) -> None:
        visits = await visits_of(work, envelope.provider, declined.ticket_no)
        work.record(
            visits,
            *domain.note_decline(visits.state, declined.ticket_no, declined.customer_id, envelope.recorded_at),
        )
