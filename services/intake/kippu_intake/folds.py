"""How intake's streams are loaded."""

from kippu_events.work import Fold, Stream, Work

from kippu_intake.domain import mail, ticket_state
from kippu_intake.domain.mail import Mail
from kippu_intake.domain.names import mail_stream, ticket_stream
from kippu_intake.domain.ticket_state import Ticket

TICKET = Fold(Ticket, Ticket, ticket_state.evolve, ticket_state.FOLD_VERSION)
MAIL = Fold(Mail, Mail, mail.evolve, mail.FOLD_VERSION)


async def ticket_of(work: Work, provider: str, ticket_no: str) -> Stream[Ticket]:
    return await work.load(TICKET, provider, ticket_stream(provider, ticket_no))


async def mail_of(work: Work, provider: str, mail_id: str) -> Stream[Mail]:
    return await work.load(MAIL, provider, mail_stream(provider, mail_id))
