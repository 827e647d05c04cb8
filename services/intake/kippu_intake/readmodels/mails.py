"""The inbox of mails that opened and joined no ticket (IIJ-01)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.catalogue import intake
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry
from kippu_privacy import Sealed

_UNMATCHED = """
insert into read.unmatched_mail (provider, mail_id, reason, received_at, language, sender, subject, contact_id,
                                 sealed_for, body, version)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::text[], $11::bigint[])
"""

_MOVED = """
update read.unmatched_mail as mail
   set version = moved.version, ticket_no = coalesce(moved.ticket_no, mail.ticket_no)
  from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as moved (provider, mail_id, version, ticket_no)
 where (mail.provider, mail.mail_id) = (moved.provider, moved.mail_id)
"""


class UnmatchedMails(Projector):
    name = "unmatched-mails"
    logs = ("intake",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        intake.MailUnmatched,
        intake.MailMatched,
        intake.MailRequested,
        intake.MailSent,
        intake.MailBounced,
    )
    tables = ("unmatched_mail",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        unmatched: list[tuple[Any, ...]] = []
        moved: dict[tuple[str, str], tuple[int, str | None]] = {}
        for envelope in batch:
            if not envelope.stream.startswith("mail-"):
                continue  # a mail about a ticket
            event = envelope.event
            if isinstance(event, intake.MailUnmatched):
                unmatched.append(_row(envelope, event))
                continue
            key = envelope.provider, envelope.stream.removeprefix(f"mail-{envelope.provider}-")
            ticket_no = event.ticket_no if isinstance(event, intake.MailMatched) else None
            moved[key] = envelope.version, ticket_no or moved.get(key, (0, None))[1]
        if unmatched:
            await connection.execute(_UNMATCHED, *zip(*unmatched, strict=True))
        if moved:
            rows = [(*key, *change) for key, change in moved.items()]
            await connection.execute(_MOVED, *zip(*rows, strict=True))


def _row(envelope: Envelope, event: intake.MailUnmatched) -> tuple[Any, ...]:
    if not isinstance(event.sender, Sealed):
        raise TypeError("what a log holds is sealed")
    return (
        envelope.provider,
        event.mail_id,
        event.reason,
        event.received_at,
        event.language,
        carry(envelope, "sender"),
        carry(envelope, "subject"),
        event.contact_id,
        event.sender.subject,
        event.body.digest if event.body else None,
        envelope.version,
    )
