"""Mails that opened or joined no request."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue import intake
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.personal import carry

from kippu_console.readmodels.rows import write


class UnmatchedMail(Projector):
    """Mails that opened or joined no ticket, and what became of them."""

    name = "unmatched-mail"
    logs = ("intake",)
    tables = ("unmatched",)
    subscribes = (intake.MailUnmatched, intake.MailMatched)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        arrived = [envelope for envelope in batch if isinstance(envelope.event, intake.MailUnmatched)]
        matched = [envelope for envelope in batch if isinstance(envelope.event, intake.MailMatched)]
        await write(connection, UNMATCHED, [self._row(envelope, envelope.event) for envelope in arrived])
        await write(connection, MATCHED, [self._match(envelope, envelope.event) for envelope in matched])

    @staticmethod
    def _row(envelope: Envelope, event: Any) -> tuple[Any, ...]:
        sealed = (carry(envelope, "sender"), carry(envelope, "subject"))
        return (envelope.provider, event.mail_id, event.customer_id, event.received_at, event.reason, *sealed)

    @staticmethod
    def _match(envelope: Envelope, event: Any) -> tuple[Any, ...]:
        return (envelope.provider, event.mail_id, event.ticket_no)


UNMATCHED = """
insert into read.unmatched (provider, mail_id, customer_id, received_at, reason, sender, subject)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
"""
# Both events are of one stream, so the mail is there before it is matched; one that opened a ticket at once never was.
MATCHED = """
update read.unmatched set ticket_no = new.ticket_no
from unnest($1::text[], $2::text[], $3::text[]) as new (provider, mail_id, ticket_no)
where unmatched.provider = new.provider and unmatched.mail_id = new.mail_id
"""
