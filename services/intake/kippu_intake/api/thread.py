"""A request with its thread, work and mails, put together from its events as they are shown."""

from collections.abc import Sequence
from typing import Any

from kippu_events.catalogue import intake
from kippu_events.catalogue.values import BlobRef
from kippu_events.event import Event, decode
from kippu_privacy import Associated, Sealed
from kippu_service.runtime import Runtime

from kippu_intake.api.schemas import ShownAttachment, ShownMail, ShownMessage, ShownWork

Row = Any
"""A row of read.ticket_event."""


class Thread:
    """The parts of one request. Make it with `read`."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self.messages: list[ShownMessage] = []
        self.work: list[ShownWork] = []
        self.mails: dict[str, ShownMail] = {}

    @classmethod
    async def read(cls, runtime: Runtime, provider: str, rows: Sequence[Row]) -> "Thread":
        thread = cls(provider)
        events = [(row, decode(row["type"], row["data"])) for row in rows]
        opened = await _opened(runtime, provider, events)
        for row, event in events:
            await thread._add(runtime, event, opened.get(row["version"]))
        return thread

    async def _add(self, runtime: Runtime, event: Event, opened: str | None) -> None:
        match event:
            case intake.TicketOpened():
                text = await _text(runtime, self._provider, event.subject, event.body)
                self._message(event, f"{event.ticket_no}.M0", "inbound", opened, text)
            case intake.MessageAdded():
                text = await _text(runtime, self._provider, event.subject, event.body)
                self._message(event, event.message_id, event.direction, opened, text)
            case intake.AttachmentAdded():
                shown = ShownAttachment(
                    attachment_id=event.attachment_id,
                    file_name=opened,
                    media_type=event.blob.media_type,
                    size=event.blob.size,
                )
                next(m for m in self.messages if m.message_id == event.message_id).attachments.append(shown)
            case intake.WorkRecorded():
                self.work.append(ShownWork.model_validate(event, from_attributes=True))
            case intake.MailRequested():
                self.mails[event.mail_id] = ShownMail(
                    mail_id=event.mail_id, template=event.template, asked_at=event.occurred_at, outcome="waiting"
                )
            case intake.MailSent() | intake.MailBounced():
                outcome = "sent" if isinstance(event, intake.MailSent) else "bounced"
                self.mails[event.mail_id] = self.mails[event.mail_id].model_copy(update={"outcome": outcome})

    def _message(
        self,
        event: intake.TicketOpened | intake.MessageAdded,
        message_id: str,
        direction: Any,
        subject: str | None,
        text: str | None,
    ) -> None:
        self.messages.append(
            ShownMessage(
                message_id=message_id,
                direction=direction,
                channel=event.channel,
                at=event.occurred_at,
                contact_id=event.contact_id,
                subject=subject,
                text=text,
                attachments=[],
            )
        )


async def _opened(runtime: Runtime, provider: str, events: Sequence[tuple[Row, Event]]) -> dict[int, str | None]:
    """The one personal value that each event shows, in the clear, by version; one question to the keyring."""
    shown: list[tuple[int, Sealed, Associated]] = []
    for row, event in events:
        field = "file_name" if isinstance(event, intake.AttachmentAdded) else "subject"
        value = getattr(event, field, None)
        if isinstance(value, Sealed):
            shown.append((row["version"], value, Associated(str(row["event_id"]), row["type"], provider, field)))
    texts = await runtime.vault.open([(sealed, bound) for _, sealed, bound in shown])
    return {version: text for (version, _, _), text in zip(shown, texts, strict=True)}


async def _text(runtime: Runtime, provider: str, subject: Any, body: BlobRef | None) -> str | None:
    """A message's text. It lies under the key that its subject line is sealed with."""
    if body is None or not isinstance(subject, Sealed):
        return None
    content = await runtime.blobs.get(provider, subject.subject, body.digest)
    return content.decode() if content is not None else None
