"""Mail out: a letter becomes a message with a Message-ID made from its event, and goes to a relay or into a folder.

A message is made of nothing but its event and the letter, so that sending it again sends the same bytes. What a relay
answers may name the recipient: only its codes are kept (RFC 5321, RFC 3463), never its text.
"""

import asyncio
import os
import re
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Literal, Protocol

import aiosmtplib
from kippu_events.catalogue.intake import MailBounced, MailRequested, MailSent
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.outbox import Bounced, Delivered, NotNow
from kippu_events.work import Fold, Work

RELAY_SECONDS = 30.0
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")

Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written to whom, before it is a message."""

    recipient: str
    """A mail address."""
    subject: str
    text: str
    in_reply_to: str | None = None
    """The Message-ID of the mail that is answered, as it was received."""
    enclosures: tuple[Enclosure, ...] = ()


Compose = Callable[[Envelope], Awaitable[Letter | None]]
"""The letter that a `MailRequested` asks for; None if its recipient's personal data was erased."""


class Transport(Protocol):
    """The way out of the house."""

    async def send(self, message: EmailMessage) -> None:
        """Hands a message over. Raises Refused for good, or NotNow."""


class Refused(Exception):
    """The other side will never take this message."""

    def __init__(self, bounced: Bounced) -> None:
        super().__init__(bounced.reason)
        self.bounced = bounced


class NoAddress(ValueError):
    """The recipient is no mail address."""


def message_id(envelope: Envelope, domain: str) -> str:
    """The Message-ID of the mail that an event asks for, the same however often it is sent."""
    return f"<{envelope.id.hex}@{domain}>"


def to_message(letter: Letter, envelope: Envelope, sender: Address, domain: str) -> EmailMessage:
    """The message (RFC 5322). It answers automatically and says so (RFC 3834), so that no machine answers it.

    Raises NoAddress. Nothing that came from outside can add a header: line breaks and controls are taken out, and the
    library refuses what is left of them.
    """
    try:
        recipient = Address(addr_spec=letter.recipient)
    except (ValueError, HeaderParseError, IndexError) as error:
        raise NoAddress("the recipient is no mail address") from error
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = _CONTROLS.sub(" ", letter.subject).strip()
    message["Date"] = envelope.recorded_at
    message["Message-ID"] = message_id(envelope, domain)
    if letter.in_reply_to and _MESSAGE_ID.fullmatch(letter.in_reply_to.strip()):
        message["In-Reply-To"] = message["References"] = letter.in_reply_to.strip()
        message["Auto-Submitted"] = "auto-replied"
    else:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, charset="utf-8")
    for file in letter.enclosures:
        kind, _, subtype = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
    if letter.enclosures:
        message.set_boundary(f"={envelope.id.hex}=")  # a made-up one would differ each time that it is sent
    return message


class Mailer:
    """The outbox's carrier for mail (`kippu_events.outbox.Carrier`)."""

    carries: tuple[type[Event], ...] = (MailRequested,)

    def __init__(
        self,
        compose: Compose,
        transport: Transport,
        fold_of: Callable[[Envelope], Fold[Any]],
        *,
        domain: str,
        sender_name: str = "Support",
        senders: Mapping[str, str] | None = None,
    ) -> None:
        """`senders` are the addresses that mails are from, by provider; `support@{domain}` where there is none."""
        self._compose = compose
        self._transport = transport
        self._fold_of = fold_of
        self._domain = domain
        self._sender_name = sender_name
        self._senders = senders or {}

    async def send(self, envelope: Envelope) -> Delivered | Bounced:
        letter = await self._compose(envelope)
        if letter is None:
            return Bounced(550, "the recipient's personal data was erased")
        try:
            address = self._senders.get(envelope.provider, f"support@{self._domain}")
            sender = Address(display_name=self._sender_name, addr_spec=address)
            message = to_message(letter, envelope, sender, self._domain)
            await self._transport.send(message)
        except NoAddress as error:
            return Bounced(553, str(error))
        except Refused as refused:
            return refused.bounced
        return Delivered(message_id(envelope, self._domain))

    async def record(self, envelope: Envelope, outcome: Delivered | Bounced, work: Work) -> None:
        request = envelope.event
        if not isinstance(request, MailRequested):
            raise TypeError(f"{envelope.type} asks for no mail")
        stream = await work.load(self._fold_of(envelope), envelope.provider, envelope.stream)
        about = {"mail_id": request.mail_id, "ticket_no": request.ticket_no, "customer_id": request.customer_id}
        if isinstance(outcome, Delivered):
            work.record(stream, MailSent(occurred_at=work.now, message_id=outcome.reference, **about))
        else:
            bounced = MailBounced(occurred_at=work.now, reply_code=outcome.code, reason=outcome.reason, **about)
            work.record(stream, bounced)


class Relay:
    """A mail server that takes our mail further."""

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        user: str | None = None,
        password: str | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._options: dict[str, Any] = {
            "hostname": host,
            "port": port,
            "use_tls": security == "tls",
            "start_tls": security == "starttls",
            "username": user,
            "password": password,
            "timeout": RELAY_SECONDS,
            "tls_context": tls_context,
        }

    async def send(self, message: EmailMessage) -> None:
        try:
            await aiosmtplib.send(message, **self._options)
        except aiosmtplib.SMTPRecipientsRefused as error:
            _raise(error.recipients[0].code, error.recipients[0].message)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPHeloError) as error:
            # The relay refuses us, not this mail: somebody has to mend the settings, and the mail waits for it.
            raise NotNow(f"the relay refuses us: {_codes(error.code, error.message)}", error.code) from error
        except aiosmtplib.SMTPResponseException as error:
            _raise(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotNow(f"the relay cannot be reached: {type(error).__name__}") from error


def _raise(code: int, text: str) -> None:
    if 500 <= code < 600:
        raise Refused(Bounced(code, f"refused by the relay: {_codes(code, text)}"))
    raise NotNow(f"the relay says to try again: {_codes(code, text)}", code)


def _codes(code: int, text: str) -> str:
    enhanced = _ENHANCED_CODE.search(text)
    return f"{code} {enhanced[0]}" if enhanced else str(code)


class Folder:
    """A mailbox folder, for the embedded mode: one .eml file a mail, whole or not there at all.

    A file is named after its Message-ID, so that a mail that is sent again is the same file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        await asyncio.to_thread(self._write, message)

    def _write(self, message: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._folder / f"{name}.eml")
        except BaseException:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise
