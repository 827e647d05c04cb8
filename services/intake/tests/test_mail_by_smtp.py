"""Mail over a real socket into a real PostgreSQL: what is accepted is stored, once, and nothing else is."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from kippu_events.catalogue.intake import (
    AttachmentAdded,
    MailMatched,
    MailReceived,
    MailRequested,
    MailUnmatched,
    MessageAdded,
    TicketOpened,
)
from kippu_events.testing.buses import eventually
from kippu_events.testing.plugin import MakeDatabase
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.smtp import MAX_CONNECTIONS
from kippu_intake.testing import (
    ONE,
    OTHER_SUPPORT,
    PATIENCE_SECONDS,
    STRANGER,
    SUPPORT,
    THREE,
    TWO,
    House,
    a_mail,
    house,
)


def with_pdf() -> EmailMessage:
    message = a_mail("[ticket] เราเตอร์ไม่ทำงาน / router down", "สวัสดีครับ\nThe router is down.\n")
    message["Message-ID"] = "<first@customer-1.example>"
    message.add_attachment(b"%PDF-1.7\n...", maintype="image", subtype="png", filename="รายงาน.pdf")
    return message


async def test_a_request_becomes_a_ticket_with_its_file_and_is_answered_with_its_number(intake: House) -> None:
    await intake.taken(with_pdf())
    [opened] = await intake.said(TicketOpened)
    assert (opened.customer_id, opened.contact_id, opened.channel, opened.language) == (
        "customer-1", "contact-1", "mail", "th"
    )  # fmt: skip
    [attached] = await intake.said(AttachmentAdded)
    assert attached.blob.media_type == "application/pdf"  # by its bytes, whatever the mail said
    [matched] = await intake.said(MailMatched)
    assert (matched.ticket_no, matched.opened) == (opened.ticket_no, True)
    [asked] = await intake.said(MailRequested)
    assert (asked.template, asked.contact_id, asked.recipient) == ("ticket_opened", "contact-1", None)
    assert asked.parameters["ticket_no"] == opened.ticket_no


async def test_a_reply_by_subject_or_headers_joins_and_a_strangers_does_not(intake: House) -> None:
    await intake.taken(with_pdf())
    [opened] = await intake.said(TicketOpened)
    [answer] = [e for e in await intake.living.runtime.log.read(0) if isinstance(e.event, MailRequested)]

    await intake.taken(a_mail(f"Re: [{opened.ticket_no}] router", sender=TWO), sender=TWO)
    await intake.taken(a_mail("Re: something else", In_Reply_To=f"<{answer.id.hex}@kippu.example>"))
    joined = await intake.said(MessageAdded)
    assert [message.contact_id for message in joined] == ["contact-2", "contact-1"]
    assert {message.ticket_no for message in joined} == {opened.ticket_no}

    await intake.taken(a_mail(f"Re: [{opened.ticket_no}] router", sender=THREE), sender=THREE)
    await intake.taken(a_mail("Re: [KP-0000-0000] router", sender=THREE), sender=THREE)
    assert len(await intake.said(MessageAdded)) == 2
    real, invented = await intake.said(MailUnmatched)
    assert real.reason == invented.reason == "foreign_thread"
    answers = (await intake.said(MailRequested))[1:]
    # Whoever guesses a number learns nothing from the answer: it is the same for one that nobody has.
    assert [(each.template, each.parameters) for each in answers] == [(answers[0].template, answers[0].parameters)] * 2
    assert opened.ticket_no not in str(answers)


async def test_a_mail_whose_ids_no_text_can_hold_opens_its_ticket(intake: House) -> None:
    """Bytes that no charset declares, and NUL, which PostgreSQL holds in no text: it was never taken in."""
    raw = (Path(__file__).parent / "mail" / "accept" / "message-ids-of-raw-bytes.eml").read_bytes()
    await intake.taken(raw)
    [opened] = await intake.said(TicketOpened)
    assert opened.contact_id == "contact-1"


@pytest.mark.parametrize(
    ("subject", "sender", "headers", "reason", "template"),
    [
        ("router down", ONE, {}, "no_prefix", "unmatched"),
        ("router down", STRANGER, {}, "no_prefix", "unmatched"),
        ("[ticket] router down", STRANGER, {}, "unknown_sender", "unknown_sender"),
        ("[ticket] away", ONE, {"Auto_Submitted": "auto-replied"}, "automatic", None),
        ("[ticket] news", ONE, {"Precedence": "bulk"}, "automatic", None),
    ],
)
async def test_what_opens_no_ticket_is_kept_and_a_person_is_told_why(
    intake: House, subject: str, sender: str, headers: dict[str, str], reason: str, template: str | None
) -> None:
    await intake.taken(a_mail(subject, sender=sender, **headers), sender=sender)
    assert await intake.said(TicketOpened) == []
    [unmatched] = await intake.said(MailUnmatched)
    assert unmatched.reason == reason
    assert [asked.template for asked in await intake.said(MailRequested)] == ([template] if template else [])


async def test_a_bounce_is_never_answered(intake: House) -> None:
    await intake.taken(a_mail("Undelivered: [ticket]"), sender="")
    [unmatched] = await intake.said(MailUnmatched)
    assert unmatched.reason == "automatic"
    assert await intake.said(MailRequested) == []


async def test_a_mail_that_cannot_be_read_is_kept_as_it_came(intake: House) -> None:
    raw = b"From: one@customer-1.example\r\nFrom: three@customer-2.example\r\nSubject: [ticket] two faces\r\n\r\nHi\r\n"
    await intake.taken(raw)
    [unmatched] = await intake.said(MailUnmatched)
    assert (unmatched.reason, await intake.said(MailRequested)) == ("unreadable", [])
    [received] = await intake.said(MailReceived)
    kept = await intake.living.runtime.blobs.get("iij", f"mail-iij-{received.mail_id}", received.raw.digest)
    assert kept == raw


async def test_the_same_bytes_delivered_again_are_one_mail(intake: House) -> None:
    raw = with_pdf().as_bytes()
    await asyncio.gather(*(intake.send(raw) for _ in range(4)))
    intake.living.clock.advance(timedelta(days=1))
    await intake.taken(raw)
    assert len(await intake.said(TicketOpened)) == len(await intake.said(MailReceived)) == 1


async def test_a_mail_to_two_providers_is_one_for_each(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"), to=[SUPPORT, OTHER_SUPPORT])
    [opened] = await intake.said(TicketOpened)  # the other provider does not know the sender
    assert opened.customer_id == "customer-1"
    envelopes = await intake.living.runtime.log.read(0)
    assert {each.provider for each in envelopes if isinstance(each.event, MailReceived)} == {"iij", "other"}


async def test_nobody_lives_at_another_address(intake: House) -> None:
    code, _ = await intake.send(a_mail("[ticket] router"), to="nobody@iij.example")
    assert (code, await intake.said()) == (550, [])


async def test_verify_and_expand_tell_nothing(intake: House) -> None:
    def ask() -> list[int]:
        with smtplib.SMTP("127.0.0.1", intake.listener.port, timeout=PATIENCE_SECONDS) as client:
            client.ehlo()
            return [client.verify(SUPPORT)[0], client.expn("staff")[0]]

    assert await asyncio.to_thread(ask) == [502, 502]


async def test_accepted_is_said_only_after_the_mail_is_stored(intake: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The append fails as it does when PostgreSQL is away; then it works, and the mail that is sent again is one."""
    log: Any = intake.living.runtime.log
    append = log.append

    async def fail(*_: Any) -> None:
        raise ConnectionResetError("the server closed the connection")

    monkeypatch.setattr(type(log), "append", fail)
    code, _ = await intake.send(with_pdf())
    monkeypatch.undo()
    assert (code, await intake.said()) == (451, [])

    assert log.append == append
    await intake.taken(with_pdf())
    assert len(await intake.said(TicketOpened)) == 1


async def test_one_client_too_many_is_sent_away(intake: House) -> None:
    port = intake.listener.port
    clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
    for reader, _ in clients:
        assert (await reader.readline()).startswith(b"220")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await reader.readline()).startswith(b"421")
    for _, each in [*clients, (reader, writer)]:
        each.close()
    # There is room again, as soon as the listener has seen one of them go
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(smtplib.SMTPConnectError):
                await intake.taken(with_pdf())
                break


async def test_while_postgresql_is_away_nothing_is_accepted_and_then_the_same_mail_once(
    intake: House, postgres_url: str
) -> None:
    database = await intake.living.runtime.writers.fetchval("select current_database()")
    admin = await asyncpg.connect(postgres_url)
    try:
        await admin.execute(f"alter database {database} allow_connections false")
        await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", database)
        code, _ = await intake.send(with_pdf())
        assert code == 451
        await admin.execute(f"alter database {database} allow_connections true")
    finally:
        await admin.close()
    raw = with_pdf().as_bytes()

    async def taken() -> bool:
        return (await intake.send(raw))[0] == 250

    await eventually(taken)  # as a client does, it tries again until it is taken
    assert len(await intake.said(TicketOpened)) == len(await intake.said(MailReceived)) == 1


@pytest.fixture
async def small(service_database: MakeDatabase, plan_text: str) -> AsyncIterator[House]:
    async with house(service_database, plan_text, Limits(size=10_000)) as alive:
        yield alive


async def test_what_goes_past_a_limit_is_refused_with_a_word_and_stores_nothing(small: House) -> None:
    code, _ = await small.send(a_mail("[ticket] big", "x\n" * 20_000))
    assert code == 552

    nested = b"From: one@customer-1.example\r\nSubject: [ticket]\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n"
    for depth in range(20):
        nested += b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (depth, depth + 1)
    code, text = await small.send(nested)
    assert code == 554
    assert "nested" in text
    assert await small.said() == []
