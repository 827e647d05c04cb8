"""Deadlines on a real PostgreSQL: each fires once, whatever crashes, is repeated, or runs beside it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from kippu_events import deadline_runner
from kippu_events.catalogue.dispatch import VisitBooked, VisitCompleted, VisitWithdrawn
from kippu_events.database import Database
from kippu_events.deadline_runner import DeadlineRunner
from kippu_events.deadlines import Cancel, Deadline, Deadlines, Schedule
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log import Log, LogCorrupt
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import SystemIds, VirtualClock
from kippu_events.steps import at_step
from kippu_events.testing.buses import eventually
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_privacy import Associated, Plain, Sealed

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _is_booked(is_booked: bool, event: Event) -> bool:
    """Completion does not change it: that a visit ends once is for the command id to see to, not for the state."""
    match event:
        case VisitBooked():
            return True
        case VisitWithdrawn():
            return False
    return is_booked


VISIT = Fold(bool, lambda: False, _is_booked, version=1)


def plan(envelope: Envelope) -> Sequence[Schedule | Cancel]:
    """A booked visit ends by itself, for the sake of these tests, unless it is withdrawn."""
    match envelope.event:
        case VisitBooked(visit_id=visit, starts_at=starts_at, minutes=minutes):
            due_at = starts_at + timedelta(minutes=minutes)
            return (Schedule(f"visit-end:{visit}", "visit-end", envelope.provider, due_at, {"visit": visit}),)
        case VisitWithdrawn(visit_id=visit):
            return (Cancel(f"visit-end:{visit}"),)
    return ()


async def end(deadline: Deadline, work: Work) -> None:
    visit = deadline.payload["visit"]
    if visit.startswith("broken"):
        raise RuntimeError("no such road")
    stream = await work.load(VISIT, deadline.provider, f"visit-{deadline.provider}-{visit}")
    if stream.state:
        work.record(stream, VisitCompleted(occurred_at=deadline.due_at, completed_at=deadline.due_at, **ids(visit)))


def ids(visit: str) -> dict[str, str]:
    return {"visit_id": visit, "ticket_no": "KP-0000-0001", "customer_id": "customer-1"}


class NothingToSeal:
    async def seal(self, values: Iterable[tuple[Plain, Associated]]) -> list[Sealed]:
        raise AssertionError("no event here holds personal data")


@dataclass
class House:
    """One service with its log, its clock and any number of schedulers."""

    log: Log
    clock: VirtualClock
    worker: Worker
    database: Database
    stack: AsyncExitStack

    def scheduler(self, deadlines: Deadlines | None = None) -> DeadlineRunner:
        async def connect() -> Any:
            return await asyncpg.connect(self.database.writer_url)

        runner = DeadlineRunner(
            "house", deadlines or Deadlines(plan, {"visit-end": end}), self.worker, connect, poll_seconds=0.05
        )
        self.stack.push_async_callback(runner.close)
        return runner

    async def record(self, visit: str, event: Event) -> None:
        async def decide(work: Work) -> None:
            work.record(await work.load(VISIT, "iij", f"visit-iij-{visit}"), event)

        await self.worker.run(Cause(f"test:{SystemIds().event_id()}", "test"), decide)

    async def book(self, *visits: str, minutes: int = 60) -> None:
        """Visits that begin now."""
        now = self.clock.now()
        for visit in visits:
            booked = VisitBooked(occurred_at=now, starts_at=now, minutes=minutes, booked_by="test", **ids(visit))
            await self.record(visit, booked)

    async def withdraw(self, visit: str) -> None:
        await self.record(visit, VisitWithdrawn(occurred_at=self.clock.now(), reason="test", **ids(visit)))

    async def ended(self) -> list[tuple[str, datetime]]:
        events = [envelope.event for envelope in await self.log.read(0)]
        return [(event.visit_id, event.occurred_at) for event in events if isinstance(event, VisitCompleted)]

    async def sql(self, statement: str, *arguments: Any) -> list[Any]:
        connection = await asyncpg.connect(self.database.writer_url)
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    clock = VirtualClock(NOON)
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(PostgresLog("house", database.writer_url))
        yield House(log, clock, Worker(log, clock, SystemIds(), NothingToSeal()), database, stack)


async def test_nothing_fires_before_it_is_due_and_all_that_is_due_fires_in_order(house: House) -> None:
    scheduler = house.scheduler()
    await house.book("late", minutes=50)
    await house.book("early", minutes=10)
    await house.book("tomorrow", minutes=24 * 60)
    assert await scheduler.run_due() == 0

    house.clock.advance(HOUR)

    assert await scheduler.run_due() == 2
    assert await scheduler.run_due() == 0
    assert await house.ended() == [
        ("early", NOON + timedelta(minutes=10)),
        ("late", NOON + timedelta(minutes=50)),
    ], "occurred_at is the instant it fell due, however late it ran"


async def test_a_deadline_is_moved_and_taken_back_until_it_fires(house: House) -> None:
    scheduler = house.scheduler()
    await house.book("moved", "withdrawn", minutes=10)
    await house.book("moved", minutes=90)
    await house.withdraw("withdrawn")
    house.clock.advance(HOUR)
    assert await scheduler.run_due() == 0
    house.clock.advance(HOUR)
    assert await scheduler.run_due() == 1
    assert await house.ended() == [("moved", NOON + timedelta(minutes=90))]

    await house.book("moved", minutes=1)
    house.clock.advance(HOUR)
    assert await scheduler.run_due() == 0, "one that has fired is never planned again"


async def test_planning_the_whole_log_again_fires_nothing_again_and_moves_nothing(house: House) -> None:
    scheduler = house.scheduler()
    await house.book("fired", "withdrawn", "moved", minutes=10)
    await house.book("moved", minutes=600)
    await house.withdraw("withdrawn")
    house.clock.advance(HOUR)
    assert await scheduler.run_due() == 1
    before = await house.sql("select * from work.deadline order by id")

    await house.sql("update work.deadline_mark set position = 0")

    assert await scheduler.run_due() == 0
    assert await house.sql("select * from work.deadline order by id") == before
    assert [visit for visit, _ in await house.ended()] == ["fired"]


async def test_a_plan_made_anew_that_stops_halfway_moves_nothing_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.book("moved", minutes=10)
    await house.book("moved", minutes=600)
    house.clock.advance(HOUR)
    await house.scheduler().run_due()
    await house.sql("update work.deadline_mark set position = 0")
    monkeypatch.setattr(deadline_runner, "READ_AT_ONCE", 1)

    def stop_at_the_second(envelope: Envelope) -> Sequence[Schedule | Cancel]:
        if envelope.position == 2:
            raise Killed
        return plan(envelope)

    with pytest.raises(Killed):
        await house.scheduler(Deadlines(stop_at_the_second, {"visit-end": end})).run_due()

    assert await house.sql("select position from work.deadline_mark") == [(1,)]
    assert await house.sql("select due_at from work.deadline") == [(NOON + timedelta(minutes=600),)]


async def test_a_plan_that_was_lost_altogether_still_fires_nothing_twice(house: House) -> None:
    await house.book("visit")
    house.clock.advance(HOUR)
    assert await house.scheduler().run_due() == 1

    await house.sql("delete from work.deadline")
    await house.sql("update work.deadline_mark set position = 0")

    assert await house.scheduler().run_due() == 1, "it is claimed again, and its command id answers the first result"
    assert len(await house.ended()) == 1


class Killed(BaseException):
    """What ends a process is no Exception: nothing in between may handle it."""


def kill() -> None:
    raise Killed


async def test_a_crash_between_the_append_and_the_note_fires_once(house: House) -> None:
    await house.book("visit")
    house.clock.advance(HOUR)
    with at_step("deadline.appended", kill), pytest.raises(Killed):
        await house.scheduler().run_due()
    assert len(await house.ended()) == 1
    assert [row["fired_at"] for row in await house.sql("select fired_at from work.deadline")] == [None]

    assert await house.scheduler().run_due() == 1

    assert len(await house.ended()) == 1


async def test_a_connection_lost_after_the_append_is_opened_again_and_fires_once(house: House) -> None:
    await house.book("visit")
    house.clock.advance(HOUR)
    lost: list[Any] = []

    async def lose_connection_once(deadline: Deadline, work: Work) -> None:
        await end(deadline, work)
        if not lost:
            terminate = """select pg_terminate_backend(pid) from pg_stat_activity
                           where datname = current_database() and state = 'idle in transaction'"""
            admin = await asyncpg.connect(house.database.admin_url)
            lost.extend(await admin.fetch(terminate))
            await admin.close()

    scheduler = house.scheduler(Deadlines(plan, {"visit-end": lose_connection_once}))
    background = asyncio.create_task(scheduler.run())
    await eventually(lambda: house.sql("select id from work.deadline where fired_at is not null"))
    background.cancel()
    assert len(lost) == 1
    assert len(await house.ended()) == 1


async def test_two_schedulers_at_once_fire_each_deadline_once(house: House) -> None:
    visits = [f"visit-{number:03}" for number in range(120)]
    await house.book(*visits)
    house.clock.advance(HOUR)

    fired = await asyncio.gather(*[house.scheduler().run_due() for _ in range(3)])

    assert sum(fired) == 120
    assert sorted(visit for visit, _ in await house.ended()) == visits


async def test_a_deadline_that_fails_is_seen_backs_off_and_holds_up_no_other(house: House) -> None:
    scheduler = house.scheduler()
    await house.book("broken", minutes=1)
    await house.book("sound", minutes=2)
    house.clock.advance(HOUR)

    assert await scheduler.run_due() == 1

    assert [visit for visit, _ in await house.ended()] == ["sound"]
    (failed,) = await house.sql("select * from work.deadline where fired_at is null")
    assert (failed["attempts"], failed["error"]) == (1, "RuntimeError: no such road")
    assert failed["retry_at"] is not None
    assert await scheduler.run_due() == 0
    assert (await house.sql("select attempts from work.deadline where fired_at is null"))[0]["attempts"] == 1

    await house.sql("update work.deadline set retry_at = clock_timestamp() where retry_at is not null")
    await scheduler.run_due()
    (failed,) = await house.sql(
        "select attempts, retry_at - clock_timestamp() as pause from work.deadline where fired_at is null"
    )
    assert failed["attempts"] == 2
    assert timedelta(seconds=1) < failed["pause"] <= timedelta(seconds=2)


async def test_a_kind_that_nobody_handles_is_a_failure_that_is_seen(house: House) -> None:
    await house.book("visit")
    house.clock.advance(HOUR)
    assert await house.scheduler(Deadlines(plan, {})).run_due() == 0
    (failed,) = await house.sql("select error from work.deadline")
    assert failed["error"] == "KeyError: 'visit-end'"


async def test_a_deadline_goes_on_with_the_story_of_the_event_that_asked_for_it(house: House) -> None:
    await house.book("visit")
    house.clock.advance(HOUR)
    await house.scheduler().run_due()
    booked, ended = await house.log.read(0)
    assert ended.metadata.actor == "deadline:visit-end"
    assert ended.metadata.causation_id == str(booked.id)
    assert ended.metadata.correlation_id == booked.metadata.correlation_id
    assert await house.log.find_command("deadline:house:visit-end:visit") is not None


async def test_the_loop_notices_new_events_and_a_clock_that_was_moved(house: House) -> None:
    background = asyncio.create_task(house.scheduler().run())
    await house.book("visit")
    await eventually(lambda: house.sql("select id from work.deadline"))
    house.clock.advance(HOUR)
    await eventually(house.ended)
    background.cancel()
    with pytest.raises(asyncio.CancelledError):
        await background


async def test_a_mark_beyond_the_log_stops(house: House) -> None:
    await house.sql("update work.deadline_mark set position = 7")
    with pytest.raises(LogCorrupt, match="7"):
        await house.scheduler().run_due()
