"""Mail out: what a message says, that nothing can be slipped into it, and what a relay's answers come to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP
from kippu_events.catalogue.intake import MailBounced, MailRequested, MailSent
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log.memory import MemoryLog
from kippu_events.outbox import Bounced, Delivered, NotNow
from kippu_events.ports import SystemIds, VirtualClock
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_intake.sending import Folder, Letter, Mailer, NoAddress, Refused, Relay, to_message

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
SENDER = Address("Support", "support", "kippu.example")
FOLD: Fold[int] = Fold(int, lambda: 0, lambda count, event: count + 1, 1)


def letter(**changes: Any) -> Letter:
    fields = {"recipient": "contact-1@customer-1.example", "subject": "Re: ปัญหา", "text": "สวัสดี\nHello\n"}
    return Letter(**(fields | changes))


class Nothing:
    async def seal(self, values: Any) -> list[Any]:
        return []


@pytest.fixture
def worker() -> Worker:
    return Worker(MemoryLog("intake"), VirtualClock(NOW), SystemIds(), Nothing())


@pytest.fixture
async def envelope(worker: Worker) -> Envelope:
    async def decide(work: Work) -> None:
        request = MailRequested(
            occurred_at=work.now, mail_id="m1.O1", template="unmatched", language="th", parameters={}, customer_id="c1"
        )
        work.record(await work.load(FOLD, "iij", "mail-iij-m1"), request)

    await worker.run(Cause("c1", "test"), decide)
    return (await worker.log.read(0))[0]


def message_of(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The message as a receiver reads its bytes."""
    sent = to_message(letter, envelope, SENDER, "kippu.example")
    received = message_from_bytes(sent.as_bytes(), policy=default)
    assert isinstance(received, EmailMessage)
    return received


def test_a_message_carries_thai_and_says_what_it_answers(envelope: Envelope) -> None:
    message = message_of(letter(in_reply_to="<abc@customer-1.example>"), envelope)
    assert message["Subject"] == "Re: ปัญหา"
    assert message.get_content().replace("\r\n", "\n") == "สวัสดี\nHello\n"
    assert message.get_content_charset() == "utf-8"
    assert message["In-Reply-To"] == message["References"] == "<abc@customer-1.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Message-ID"] == f"<{envelope.id.hex}@kippu.example>"
    assert message["Date"].datetime == NOW


def test_a_message_sent_again_is_the_same_message(envelope: Envelope) -> None:
    first, second = (to_message(letter(), envelope, SENDER, "kippu.example").as_bytes() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\x00", "\u2028", "\u0085", "\x0b"])
def test_nothing_can_be_slipped_into_the_headers(envelope: Envelope, breaker: str) -> None:
    evil = f"hello{breaker}Bcc: thief@elsewhere.example"
    message = message_of(letter(subject=evil, in_reply_to=f"<a@b>{breaker}Bcc: x@y.example"), envelope)
    assert message["Bcc"] is None
    assert message["In-Reply-To"] is None
    assert message["Subject"] == "hello Bcc: thief@elsewhere.example"
    with pytest.raises(NoAddress):
        message_of(letter(recipient=f"a@b.example{breaker}Bcc: x@y.example"), envelope)


@pytest.mark.parametrize(
    "recipient", ["", "nobody", "a@b@c", "<a@b.example>", "a b@c.example", "a@b.example, c@d.example"]
)
def test_what_is_no_address_bounces(envelope: Envelope, recipient: str) -> None:
    with pytest.raises(NoAddress):
        message_of(letter(recipient=recipient), envelope)


async def test_a_folder_holds_one_file_a_mail_however_often_it_is_sent(envelope: Envelope, tmp_path: Path) -> None:
    message = to_message(letter(), envelope, SENDER, "kippu.example")
    folder = Folder(tmp_path / "mail")
    await folder.send(message)
    await folder.send(message)
    [file] = files_in(tmp_path / "mail")
    assert file.name == f"{envelope.id.hex}.eml"
    assert file.read_bytes() == message.as_bytes()


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


class Answers:
    """A relay that answers as told, and keeps what it took."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt, self.data = rcpt, data
        self.taken: list[bytes] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(envelope.content)
        return self.data


@pytest.fixture
async def answers() -> AsyncIterator[tuple[Answers, Relay]]:
    handler = Answers()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler), "127.0.0.1", 0)
    async with server:
        yield handler, Relay("127.0.0.1", server.sockets[0].getsockname()[1], "none")


async def test_a_relay_takes_a_message(envelope: Envelope, answers: tuple[Answers, Relay]) -> None:
    handler, relay = answers
    await relay.send(to_message(letter(), envelope, SENDER, "kippu.example"))
    [taken] = handler.taken
    assert b"Message-ID: <" + envelope.id.hex.encode() in taken


@pytest.mark.parametrize(
    ("rcpt", "data"),
    [("550 5.1.1 <contact-1@customer-1.example> unknown", "250 OK"), ("250 OK", "554 5.7.1 contact-1 is spam")],
)
async def test_a_refusal_for_good_keeps_the_codes_and_not_the_recipient(
    envelope: Envelope, answers: tuple[Answers, Relay], rcpt: str, data: str
) -> None:
    handler, relay = answers
    handler.rcpt, handler.data = rcpt, data
    with pytest.raises(Refused) as refused:
        await relay.send(to_message(letter(), envelope, SENDER, "kippu.example"))
    assert refused.value.bounced.code in (550, 554)
    assert "5." in refused.value.bounced.reason
    assert "contact-1" not in refused.value.bounced.reason


async def test_a_temporary_refusal_is_to_be_tried_again(envelope: Envelope, answers: tuple[Answers, Relay]) -> None:
    handler, relay = answers
    handler.rcpt = "451 4.7.1 greylisted"
    with pytest.raises(NotNow, match=r"451 4\.7\.1"):
        await relay.send(to_message(letter(), envelope, SENDER, "kippu.example"))


async def test_a_relay_without_the_wanted_encryption_gets_nothing(answers: tuple[Answers, Relay]) -> None:
    handler, relay = answers
    relay = Relay("127.0.0.1", relay._options["port"], "starttls", tls_context=ssl.create_default_context())
    with pytest.raises(NotNow):
        await relay.send(EmailMessage())
    assert handler.taken == []


async def test_a_relay_that_is_not_there_is_tried_again(envelope: Envelope) -> None:
    with pytest.raises(NotNow, match="cannot be reached"):
        await Relay("127.0.0.1", 1, "none").send(to_message(letter(), envelope, SENDER, "kippu.example"))


async def composed(envelope: Envelope) -> Letter | None:
    return letter()


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        (Delivered("<1@kippu.example>"), MailSent),
        (Bounced(550, "refused by the relay: 550"), MailBounced),
    ],
)
async def test_the_outcome_is_recorded_beside_what_was_asked_for(
    worker: Worker, envelope: Envelope, tmp_path: Path, outcome: Delivered | Bounced, event: type[Event]
) -> None:
    mailer = Mailer(composed, Folder(tmp_path), lambda envelope: FOLD, domain="kippu.example")
    await worker.run(Cause("outbox:1", "outbox"), lambda work: mailer.record(envelope, outcome, work))
    recorded = (await worker.log.read(0))[-1]
    assert recorded.stream == envelope.stream
    assert isinstance(recorded.event, event)
    assert recorded.event.model_dump()["customer_id"] == "c1"


async def test_a_mail_to_somebody_whose_data_was_erased_bounces(envelope: Envelope, tmp_path: Path) -> None:
    async def erased(envelope: Envelope) -> Letter | None:
        return None

    mailer = Mailer(erased, Folder(tmp_path), lambda envelope: FOLD, domain="kippu.example")
    assert await mailer.send(envelope) == Bounced(550, "the recipient's personal data was erased")
    assert files_in(tmp_path) == []


def test_the_message_id_is_the_events_id(envelope: Envelope) -> None:
    assert UUID(hex=message_of(letter(), envelope)["Message-ID"][1:33]) == envelope.id
