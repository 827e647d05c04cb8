"""The outbox: sent at least once under one reference, tried again, given up, and its outcome recorded once."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from kippu_events import outbox as module
from kippu_events.catalogue.intake import MailBounced, MailRequested, MailSent
from kippu_events.database import Database
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log import LogCorrupt
from kippu_events.log.memory import MemoryLog
from kippu_events.outbox import Bounced, Delivered, NotNow, Outbox
from kippu_events.ports import SystemIds, VirtualClock
from kippu_events.steps import at_step
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_privacy import Associated, Plain, Sealed

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
FOLD: Fold[int] = Fold(int, lambda: 0, lambda count, event: count + 1, 1)


class Crash(BaseException):
    """The process is gone: nothing of ours may catch it."""


def crash() -> None:
    raise Crash


class NothingToSeal:
    async def seal(self, values: Iterable[tuple[Plain, Associated]]) -> list[Sealed]:
        assert not list(values)
        return []


class Relay:
    """A carrier whose other side answers as told, one answer an attempt; the last one stays."""

    carries: tuple[type[Event], ...] = (MailRequested,)

    def __init__(self, *answers: Delivered | Bounced | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []

    async def send(self, envelope: Envelope) -> Delivered | Bounced:
        self.sent.append(str(envelope.id))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def record(self, envelope: Envelope, outcome: Delivered | Bounced, work: Work) -> None:
        stream = await work.load(FOLD, envelope.provider, envelope.stream)
        event: Event = (
            MailSent(occurred_at=work.now, mail_id="m1.O1", message_id=outcome.reference)
            if isinstance(outcome, Delivered)
            else MailBounced(occurred_at=work.now, mail_id="m1.O1", reply_code=outcome.code, reason=outcome.reason)
        )
        work.record(stream, event)


class Setting:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = MemoryLog("intake")
        self.worker = Worker(self.log, VirtualClock(NOW), SystemIds(), NothingToSeal())
        self.senders: list[Outbox] = []

    def sender(self, relay: Relay) -> Outbox:
        sender = Outbox("intake", relay, self.worker, lambda: asyncpg.connect(self.database.writer_url))
        self.senders.append(sender)
        return sender

    async def ask_for_a_mail(self, command: str = "c1") -> None:
        """On a stream of its own, as mails about different requests are."""

        async def decide(work: Work) -> None:
            stream = await work.load(FOLD, "iij", f"mail-iij-{command}")
            request = MailRequested(
                occurred_at=work.now, mail_id="m1.O1", template="unmatched", language="en", parameters={}
            )
            work.record(stream, request)

        await self.worker.run(Cause(command, "test"), decide)

    async def outcomes(self) -> list[Event]:
        events = [envelope.event for envelope in await self.log.read(0)]
        return [event for event in events if not isinstance(event, MailRequested)]

    async def sql(self, statement: str, *arguments: Any) -> Any:
        connection = await asyncpg.connect(self.database.writer_url)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    async def time_passes(self, seconds: float = 3600) -> None:
        """Backoff and leases run by the database's clock; here it has moved on."""
        await self.sql("update work.outbox set try_at = try_at - make_interval(secs => $1)", seconds)


@pytest.fixture
async def given(database: Database) -> AsyncIterator[Setting]:
    setting = Setting(database)
    yield setting
    for sender in setting.senders:
        await sender.close()


async def test_what_is_asked_for_is_sent_once_and_its_outcome_recorded(given: Setting) -> None:
    await given.ask_for_a_mail()
    relay = Relay(Delivered("<1@kippu.example>"))
    sender = given.sender(relay)
    assert await sender.run_once() == 1
    assert await sender.run_once() == 0
    assert len(relay.sent) == 1
    assert await given.outcomes() == [MailSent(occurred_at=NOW, mail_id="m1.O1", message_id="<1@kippu.example>")]
    sent = (await given.log.read(0))[-1]
    assert sent.metadata.causation_id == str((await given.log.read(0))[0].id)


async def test_a_temporary_failure_is_tried_again_after_its_backoff(given: Setting) -> None:
    await given.ask_for_a_mail()
    relay = Relay(NotNow("try later"), ConnectionRefusedError("nobody there"), Delivered("<1@kippu.example>"))
    sender = given.sender(relay)
    assert await sender.run_once() == 0
    assert await sender.run_once() == 0, "the backoff has not passed"
    await given.time_passes()
    assert await sender.run_once() == 0
    assert "nobody there" in await given.sql("select last_error from work.outbox")
    await given.time_passes()
    assert await sender.run_once() == 1
    assert len(set(relay.sent)) == 1, "each attempt is about the same event, and so has the same reference"
    assert len(await given.outcomes()) == 1


async def test_a_refusal_for_good_is_recorded_and_never_tried_again(given: Setting) -> None:
    await given.ask_for_a_mail()
    relay = Relay(Bounced(550, "no such mailbox"))
    sender = given.sender(relay)
    assert await sender.run_once() == 1
    await given.time_passes()
    assert await sender.run_once() == 0
    [outcome] = await given.outcomes()
    assert isinstance(outcome, MailBounced)
    assert (outcome.reply_code, outcome.reason) == (550, "no such mailbox")


async def test_after_days_of_temporary_failure_it_gives_up(given: Setting) -> None:
    await given.ask_for_a_mail()
    sender = given.sender(Relay(NotNow("mailbox busy", 450)))
    await sender.run_once()
    await given.sql("update work.outbox set noted_at = noted_at - interval '6 days'")
    await given.time_passes()
    assert await sender.run_once() == 1
    [outcome] = await given.outcomes()
    assert isinstance(outcome, MailBounced)
    assert outcome.reply_code == 450


async def test_a_crash_between_sending_and_recording_sends_again_under_the_same_reference(given: Setting) -> None:
    await given.ask_for_a_mail()
    relay = Relay(Delivered("<1@kippu.example>"))
    with at_step("outbox.sent", crash), pytest.raises(Crash):
        await given.sender(relay).run_once()
    assert await given.outcomes() == []
    after = given.sender(relay)
    assert await after.run_once() == 0, "the dead sender's lease has not ended"
    await given.time_passes(module.LEASE_SECONDS)
    assert await after.run_once() == 1
    assert len(relay.sent) == 2
    assert len(set(relay.sent)) == 1
    assert len(await given.outcomes()) == 1


async def test_a_crash_between_recording_and_closing_sends_nothing_again(given: Setting) -> None:
    await given.ask_for_a_mail()
    relay = Relay(Delivered("<1@kippu.example>"))
    with at_step("outbox.recorded", crash), pytest.raises(Crash):
        await given.sender(relay).run_once()
    await given.time_passes()
    assert await given.sender(relay).run_once() == 1
    assert len(relay.sent) == 1
    assert len(await given.outcomes()) == 1


async def test_senders_share_the_rows_and_none_is_sent_twice(given: Setting) -> None:
    for number in range(30):
        await given.ask_for_a_mail(f"c{number}")
    relay = Relay(Delivered("<1@kippu.example>"))
    await asyncio.gather(*(given.sender(relay).run_once() for _ in range(4)))
    assert sorted(relay.sent) == sorted({*relay.sent})
    assert len(relay.sent) == len(await given.outcomes()) == 30


async def test_noting_the_log_anew_from_its_beginning_sends_nothing_again(given: Setting) -> None:
    await given.ask_for_a_mail()
    relay = Relay(Delivered("<1@kippu.example>"))
    await given.sender(relay).run_once()
    await given.sql("update work.outbox_mark set position = 0")
    await given.sender(relay).run_once()
    assert len(relay.sent) == 1


async def test_a_mark_beyond_the_log_stops_the_sender(given: Setting) -> None:
    await given.sql("update work.outbox_mark set position = 7")
    with pytest.raises(LogCorrupt):
        await given.sender(Relay(NotNow("never"))).run_once()


async def test_a_running_sender_sends_what_is_asked_for_later(given: Setting) -> None:
    relay = Relay(Delivered("<1@kippu.example>"))
    sender = given.sender(relay)
    running = asyncio.create_task(sender.run())
    await given.ask_for_a_mail()
    assert await given.log.wait(1, 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(relay.sent) == 1
