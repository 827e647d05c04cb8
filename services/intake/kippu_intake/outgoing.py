"""What is written to people: templates in the recipient's language, filled with an event's parameters.

Events hold ids and figures; names and addresses are opened as the mail is written, and stored nowhere.
"""

import asyncio
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from kippu_events.catalogue.intake import MailRequested
from kippu_events.envelope import Envelope
from kippu_events.outbox import NotNow
from kippu_events.work import Fold
from kippu_privacy import Sealed
from kippu_privacy.vault import Vault
from kippu_service.documents import MEDIA_TYPE, pdf

from kippu_intake.domain.documents import ABOUT, PREFIX
from kippu_intake.folds import MAIL, TICKET
from kippu_intake.known import Known, NotKnownYet
from kippu_intake.sending import Enclosure, Letter

LANGUAGES = ("en", "th", "ja")
DEFAULT_LANGUAGE = "en"
MAX_SUBJECT = 200
SEALED = "sealed_"
"""How the name of a parameter begins that carries what only its recipient may read."""


class UnknownTemplate(LookupError):
    """No such template: an event of a newer build, perhaps. The mail waits in the outbox."""


@dataclass(frozen=True, slots=True)
class Text:
    subject: Template
    text: Template


@dataclass(frozen=True, slots=True)
class Texts:
    """All templates of one language."""

    salesperson: str
    """What stands for the salesperson where none is on record."""
    by_name: Mapping[str, Text]


@cache
def texts_in(language: str) -> Texts:
    """The templates in a language; in English for one that there are none in."""
    known = language if language in LANGUAGES else DEFAULT_LANGUAGE
    fields: dict[str, Any] = tomllib.loads((Path(__file__).parent / "templates" / f"{known}.toml").read_text())
    salesperson = fields.pop("salesperson")
    return Texts(
        salesperson,
        {name: Text(Template(text["subject"]), Template(text["text"].lstrip("\n"))) for name, text in fields.items()},
    )


def render(event: MailRequested, opened: Mapping[str, str]) -> tuple[str, str]:
    """The subject and text of a mail.

    `opened` holds what is personal, in the clear, as far as there is any: `subject` (of the mail that is answered),
    `message` (the text of a thread's message), `salesperson_name`, `salesperson_mail`, and what parameters carry sealed
    (`sealed_member_id` is filled in as `member_id`); and `time_zone` (IANA), in which the parameters that are instants
    (`…_at`) are told.
    Raises UnknownTemplate, and KeyError for a parameter that the template needs and nobody gave.
    """
    texts = texts_in(event.language)
    template = texts.by_name.get(event.template)
    if template is None:
        raise UnknownTemplate(f"there is no mail template {event.template!r}")
    zone = ZoneInfo(opened.get("time_zone", "UTC"))
    values = {
        **{name: _said(text, zone) if name.endswith("_at") else text for name, text in event.parameters.items()},
        "subject": opened.get("subject", ""),
        **{name.removeprefix(SEALED): text for name, text in opened.items() if name.startswith(SEALED)},
        "message": opened.get("message", ""),
        "salesperson": _salesperson(opened) or texts.salesperson,
    }
    subject = template.subject.substitute(values).removesuffix(": ").strip()
    return subject[:MAX_SUBJECT], template.text.substitute(values)


def enclosed(event: MailRequested) -> tuple[Enclosure, ...]:
    """The document that a mail carries, if it carries one: set from the mail's own parameters."""
    if not event.template.startswith(PREFIX):
        return ()
    stated = {name: text for name, text in event.parameters.items() if name not in ABOUT}
    issued_at = datetime.fromisoformat(event.parameters["issued_at"])
    file = pdf(event.template.removeprefix(PREFIX), event.language, stated, issued_at)
    return (Enclosure(f"{event.parameters['document_id']}.pdf", file, MEDIA_TYPE),)


def _said(instant: str, zone: ZoneInfo) -> str:
    """An instant as people of a time zone read it, such as `2026-06-06 10:00 (UTC+07:00)`."""
    local = datetime.fromisoformat(instant).astimezone(zone)
    digits = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M} (UTC{digits[:3]}:{digits[3:]})"


def _salesperson(opened: Mapping[str, str]) -> str | None:
    if "salesperson_name" not in opened:
        return None
    return f"{opened['salesperson_name']} <{opened['salesperson_mail']}>"


def fold_of(envelope: Envelope) -> Fold[Any]:
    """How the stream is loaded that a mail was asked for on."""
    return TICKET if envelope.stream.startswith("ticket-") else MAIL


class Composer:
    """Writes the letter that a `MailRequested` asks for (`kippu_intake.sending.Compose`)."""

    def __init__(self, known: Known, vault: Vault) -> None:
        self._known = known
        self._vault = vault

    async def compose(self, envelope: Envelope) -> Letter | None:
        """None if the recipient was erased. Raises NotNow while the read models do not hold what is needed."""
        event = envelope.event
        if not isinstance(event, MailRequested):
            raise TypeError(f"{envelope.type} asks for no mail")
        opened = await self._opened(envelope, event)
        secrets = await self._secrets(event)
        if secrets is None:
            return None
        opened |= secrets
        try:
            recipient = await self._recipient(envelope.provider, event, opened)
            opened |= await self._message(envelope.provider, event)
        except NotKnownYet as error:
            raise NotNow(f"not known here yet: {error}") from error
        if recipient is None:
            return None
        if event.customer_id is not None:
            opened |= await self._known.salesperson(envelope.provider, event.customer_id) or {}
        opened["time_zone"] = await self._known.time_zone(envelope.provider)
        subject, text = render(event, opened)
        answered = opened.get("in_reply_to")
        enclosures = await asyncio.to_thread(enclosed, event)
        return Letter(recipient, subject, text, f"<{answered}>" if answered else None, enclosures)

    async def _recipient(self, provider: str, event: MailRequested, opened: Mapping[str, str]) -> str | None:
        if event.contact_id is None:
            return opened.get("recipient")
        contact = await self._known.recipient(provider, event.contact_id)
        return contact["mail"] if contact else None

    async def _message(self, provider: str, event: MailRequested) -> dict[str, str]:
        """The text of the message that the mail carries, if it carries one."""
        message_id = event.parameters.get("message_id")
        if message_id is None or event.ticket_no is None:
            return {}
        return {"message": await self._known.message_text(provider, event.ticket_no, message_id) or ""}

    async def _secrets(self, event: MailRequested) -> dict[str, str] | None:
        """What its parameters carry sealed, in the clear; None if it was erased."""
        sealed = {name: text for name, text in event.parameters.items() if name.startswith(SEALED)}
        texts = await self._vault.open_carried(list(sealed.values())) if sealed else []
        if None in texts:
            return None
        return {name: text for name, text in zip(sealed, texts, strict=True) if text is not None}

    async def _opened(self, envelope: Envelope, event: MailRequested) -> dict[str, str]:
        """The event's own personal fields in the clear, without those that were erased."""
        sealed = {name: getattr(event, name) for name in event.personal_fields}
        pairs = [(value, envelope.associated(name)) for name, value in sealed.items() if isinstance(value, Sealed)]
        names = [name for name, value in sealed.items() if isinstance(value, Sealed)]
        texts = await self._vault.open(pairs)
        return {name: text for name, text in zip(names, texts, strict=True) if text is not None}
