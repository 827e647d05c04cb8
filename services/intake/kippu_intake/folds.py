"""How intake's streams are loaded."""

from typing import TypeVar

from kippu_events.work import Cause, Fold, Stream, Work
from kippu_service.runtime import Runtime

from kippu_intake.domain import mail, ticket_state
from kippu_intake.domain.mail import Mail
from kippu_intake.domain.names import mail_stream, ticket_stream
from kippu_intake.domain.ticket_state import Ticket

State = TypeVar("State")

TICKET = Fold(Ticket, Ticket, ticket_state.evolve, ticket_state.FOLD_VERSION)
MAIL = Fold(Mail, Mail, mail.evolve, mail.FOLD_VERSION)


async def ticket_of(work: Work, provider: str, ticket_no: str) -> Stream[Ticket]:
    return await work.load(TICKET, provider, ticket_stream(provider, ticket_no))


class NoSuchTicket(LookupError):
    """Another service speaks of a ticket that was never opened here. That cannot be: the event is parked."""


async def opened_ticket_of(work: Work, provider: str, ticket_no: str) -> Stream[Ticket]:
    """For what another service says of it. Raises NoSuchTicket."""
    stream = await ticket_of(work, provider, ticket_no)
    if not stream.exists:
        raise NoSuchTicket(f"{provider}: {ticket_no}")
    return stream


async def mail_of(work: Work, provider: str, mail_id: str) -> Stream[Mail]:
    return await work.load(MAIL, provider, mail_stream(provider, mail_id))


async def peek(runtime: Runtime, fold: Fold[State], provider: str, name: str) -> State:
    """A stream's state outside of a unit of work: for what never changes once it is there, and must be known before."""
    work = Work(runtime.log, runtime.clock.now(), runtime.ids, Cause("peek", "peek"))
    return (await work.load(fold, provider, name)).state
