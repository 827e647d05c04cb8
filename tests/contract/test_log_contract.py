"""What every log guarantees, on every adapter: the same suite in memory and in PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from kippu_events.envelope import MAX_EVENT_BYTES, SLOTS, slot_of
from kippu_events.log import (
    Appended,
    CommandReused,
    Conflict,
    EventTooLarge,
    Expected,
    Log,
    LogError,
    MarkMove,
    MarkMoved,
    Recorded,
    SavedState,
)
from kippu_events.log.memory import MemoryLog
from kippu_events.log.postgres import PostgresLog
from kippu_events.testing.appends import NOON, a_part, an_append, an_event
from kippu_events.testing.plugin import MakeDatabase

WRITERS = 32
Answer = TypeVar("Answer")


@pytest.fixture(params=["memory", "postgres"])
async def log(request: pytest.FixtureRequest, service_database: MakeDatabase) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield MemoryLog("contract")
    else:
        database = await service_database("contract")
        async with PostgresLog("contract", database.writer_url) as log:
            yield log


async def together(*all_of_them: Awaitable[Answer]) -> list[Answer | LogError]:
    """Runs them concurrently; a refusal by the log is an answer too, anything else is not."""
    answers = await asyncio.gather(*all_of_them, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, LogError):
            raise answer
    return answers  # type: ignore[return-value]  # what is left of the exceptions are LogErrors


def accepted(answers: Iterable[Appended | LogError]) -> list[Appended]:
    return [answer for answer in answers if isinstance(answer, Appended)]


def refused(answers: Iterable[Appended | LogError]) -> list[LogError]:
    return [answer for answer in answers if isinstance(answer, LogError)]


async def assert_sound(log: Log, events: int) -> None:
    """Positions, versions and slot numbers have no gaps, from whichever side they are read."""
    head = await log.head()
    everything = await log.read(0, limit=events + 1)
    assert [event.position for event in everything] == list(range(1, events + 1))
    assert head.position == events
    assert [event.recorded_at for event in everything] == sorted(event.recorded_at for event in everything)
    for slot in range(SLOTS):
        in_slot = [event for event in everything if event.slot == slot]
        assert [event.slot_seq for event in in_slot] == list(range(1, head.slot_seqs[slot] + 1))
        assert await log.read_slot(slot, 0, limit=events + 1) == in_slot
    for stream in {event.stream for event in everything}:
        of_stream = [event for event in everything if event.stream == stream]
        assert [event.version for event in of_stream] == list(range(1, len(of_stream) + 1))
        assert await log.read_stream(stream, limit=events + 1) == of_stream
        assert {event.slot for event in of_stream} == {slot_of(stream)}


class TestAppending:
    async def test_an_empty_log(self, log: Log) -> None:
        head = await log.head()
        assert (head.position, head.slot_seqs) == (0, (0,) * SLOTS)
        assert await log.read(0) == []
        assert await log.read_slot(3, 0) == []
        assert await log.read_stream("nothing") == []
        assert await log.find_command("nothing") is None

    async def test_an_event_comes_back_as_it_was_given(self, log: Log) -> None:
        event = an_event("ticket-iij-1", b'{"subject": "\\u0e15\\u0e31\\u0e4b\\u0e27 \xe5\x88\x87\xe7\xac\xa6"}')
        append = an_append(replace(a_part("ticket-iij-1"), events=(event,)), result=b'"KP-1"')

        appended = await log.append(append)

        slot = slot_of("ticket-iij-1")
        assert appended == Appended(False, b'"KP-1"', (Recorded("ticket-iij-1", 1, 1, slot, 1),))
        (envelope,) = await log.read(0)
        assert (envelope.id, envelope.type, envelope.provider) == (event.id, event.type, event.provider)
        assert (envelope.data, envelope.metadata_bytes, envelope.sum) == (event.data, event.metadata, event.sum)
        assert (envelope.log, envelope.stream, envelope.version) == ("contract", "ticket-iij-1", 1)
        assert (envelope.recorded_at, envelope.epoch) == (NOON, (await log.head()).epoch)
        assert envelope.is_intact()

    async def test_several_events_on_several_streams_stand_in_the_order_given(self, log: Log) -> None:
        append = an_append(a_part("a", events=3), a_part("b", events=2))
        appended = await log.append(append)
        assert [(r.stream, r.version, r.position) for r in appended.recorded] == [("a", 3, 3), ("b", 2, 5)]
        ids = [event.id for part in append.streams for event in part.events]
        assert [event.id for event in await log.read(0)] == ids
        await assert_sound(log, 5)

    async def test_all_or_nothing_over_streams(self, log: Log) -> None:
        await log.append(an_append(a_part("wallet", Expected.NO_STREAM)))
        move = MarkMove("debit", "intake", 3, 0, 1)
        before = await log.head()
        wrong = an_append(a_part("case", Expected.NO_STREAM), a_part("wallet", 7), command_id="c", mark=move)

        with pytest.raises(Conflict) as conflict:
            await log.append(wrong)

        assert (conflict.value.stream, conflict.value.expected, conflict.value.actual) == ("wallet", 7, 1)
        assert await log.head() == before
        assert await log.read_stream("case") == []
        assert await log.find_command("c") is None
        # Neither the command nor the mark was taken: the same goes through once the version is right.
        right = an_append(a_part("case", Expected.NO_STREAM), a_part("wallet", 1), command_id="c", mark=move)
        assert not (await log.append(right)).repeated

    @pytest.mark.parametrize(
        ("expected", "fits"), [(Expected.ANY, True), (Expected.NO_STREAM, False), (1, False), (2, True), (3, False)]
    )
    async def test_expected_versions(self, log: Log, expected: int, fits: bool) -> None:
        await log.append(an_append(a_part("s", Expected.NO_STREAM, events=2)))
        if fits:
            assert (await log.append(an_append(a_part("s", expected)))).recorded[0].version == 3
        else:
            with pytest.raises(Conflict):
                await log.append(an_append(a_part("s", expected)))
            await assert_sound(log, 2)

    async def test_an_exact_version_of_a_stream_that_is_not_there(self, log: Log) -> None:
        with pytest.raises(Conflict) as conflict:
            await log.append(an_append(a_part("s", 1)))
        assert conflict.value.actual == 0

    async def test_time_never_goes_back(self, log: Log) -> None:
        minute = timedelta(minutes=1)
        for now in (NOON, NOON - minute, NOON + minute, NOON):
            await log.append(an_append("s", now=now))
        assert [event.recorded_at - NOON for event in await log.read(0)] == [0 * minute, 0 * minute, minute, minute]

    async def test_too_large_is_refused_and_harms_no_neighbour(self, log: Log) -> None:
        room = MAX_EVENT_BYTES - len(an_event("s").metadata)
        largest = replace(a_part("s"), events=(an_event("s", b"x" * room),))
        too_large = replace(a_part("t"), events=(an_event("t"), an_event("t", b"x" * (room + 1))))
        answers = await together(*[log.append(an_append(part)) for part in (largest, too_large, a_part("u"))])
        assert [type(answer) for answer in answers] == [Appended, EventTooLarge, Appended]
        await assert_sound(log, 2)

    async def test_an_event_id_is_used_once(self, log: Log) -> None:
        part = a_part("s")
        await log.append(an_append(part))
        answers = await asyncio.gather(
            log.append(an_append(part)), *[log.append(an_append(f"t{n}")) for n in range(5)], return_exceptions=True
        )
        assert isinstance(answers[0], ValueError)
        assert all(isinstance(answer, Appended) for answer in answers[1:])
        await assert_sound(log, 6)

    async def test_what_no_log_may_take(self, log: Log) -> None:
        good = an_append("s", command_id="c")
        event = good.streams[0].events[0]
        state = SavedState(1, b"{}")
        for bad in (
            replace(good, streams=(a_part("s"), a_part("s"))),
            replace(good, streams=(replace(good.streams[0], events=()),)),
            replace(good, streams=(replace(good.streams[0], state=state),)),
            replace(good, streams=(replace(good.streams[0], expected=-2),)),
            replace(good, streams=(replace(good.streams[0], events=(replace(event, data=b"[]"),)),)),
            replace(good, now=NOON.replace(tzinfo=None)),
            replace(good, mark=MarkMove("c", "l", SLOTS, 0, 1)),
            replace(good, mark=MarkMove("c", "l", 0, 1, 1)),
        ):
            with pytest.raises(ValueError, match=r"\w"):
                await log.append(bad)
        assert await log.find_command("c") is None
        await log.append(good)
        await assert_sound(log, 1)


class TestConcurrentWriters:
    async def test_on_one_stream_at_any_version_all_are_recorded(self, log: Log) -> None:
        answers = await together(*[log.append(an_append("s")) for _ in range(WRITERS)])
        assert sorted(answer.recorded[0].version for answer in accepted(answers)) == list(range(1, WRITERS + 1))
        await assert_sound(log, WRITERS)

    async def test_on_one_stream_that_must_not_exist_one_is_recorded(self, log: Log) -> None:
        part = [a_part("s", Expected.NO_STREAM, events=2) for _ in range(WRITERS)]
        answers = await together(*[log.append(an_append(one)) for one in part])
        assert len(accepted(answers)) == 1
        assert Counter(map(type, refused(answers))) == {Conflict: WRITERS - 1}
        await assert_sound(log, 2)

    async def test_at_one_exact_version_one_is_recorded(self, log: Log) -> None:
        await log.append(an_append(a_part("s", events=3)))
        answers = await together(*[log.append(an_append(a_part("s", 3))) for _ in range(WRITERS)])
        assert len(accepted(answers)) == 1
        assert Counter(map(type, refused(answers))) == {Conflict: WRITERS - 1}
        await assert_sound(log, 4)

    async def test_who_tries_again_on_the_version_it_finds_gets_through(self, log: Log) -> None:
        async def count_one_up() -> None:
            while True:
                version = (await log.load([("counter", 1)]))[0].version
                try:
                    await log.append(an_append(a_part("counter", version)))
                except Conflict:
                    continue
                return

        await asyncio.gather(*[count_one_up() for _ in range(WRITERS)])
        await assert_sound(log, WRITERS)

    async def test_on_many_streams_all_are_recorded(self, log: Log) -> None:
        async def write(number: int) -> None:
            version = 0
            for _ in range(8):
                appended = await log.append(an_append(a_part(f"s{number}", version, events=1 + number % 3)))
                version = appended.recorded[0].version

        await asyncio.gather(*[write(number) for number in range(WRITERS)])
        await assert_sound(log, sum(8 * (1 + number % 3) for number in range(WRITERS)))

    async def test_over_two_streams_conflicts_leave_no_half(self, log: Log) -> None:
        """Each append writes a stream of its own and one that all want: the own one exists only if it won."""
        appends = [an_append(a_part(f"own-{n}", Expected.NO_STREAM), a_part("shared", n % 4)) for n in range(WRITERS)]
        answers = await together(*[log.append(append) for append in appends])
        won = len(accepted(answers))
        assert 1 <= won <= 4
        for number, answer in enumerate(answers):
            assert len(await log.read_stream(f"own-{number}")) == isinstance(answer, Appended)
        await assert_sound(log, 2 * won)

    async def test_a_cancelled_caller_harms_no_neighbour(self, log: Log) -> None:
        callers = [asyncio.create_task(log.append(an_append(f"s{n}", command_id=f"c{n}"))) for n in range(WRITERS)]
        await asyncio.sleep(0)
        for caller in callers[::2]:
            caller.cancel()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        assert all(isinstance(answer, Appended) for answer in answers[1::2])
        recorded = [await log.find_command(f"c{n}") is not None for n in range(WRITERS)]
        assert all(recorded[1::2])
        await assert_sound(log, sum(recorded))


class TestCommands:
    async def test_repeated_it_answers_the_first_result(self, log: Log) -> None:
        first = await log.append(
            an_append(a_part("a", 0, events=2), a_part("b", 0), command_id="c", command_hash=b"1", result=b"first")
        )
        again = await log.append(
            an_append(a_part("a", 0, events=2), a_part("b", 0), command_id="c", command_hash=b"1", result=b"again")
        )
        assert again == replace(first, repeated=True)
        assert await log.find_command("c") == (b"1", again)
        await assert_sound(log, 3)

    async def test_with_other_content_it_is_refused(self, log: Log) -> None:
        await log.append(an_append("a", command_id="c", command_hash=b"1"))
        with pytest.raises(CommandReused):
            await log.append(an_append("a", command_id="c", command_hash=b"2"))
        await assert_sound(log, 1)

    async def test_a_repeated_command_wins_over_a_conflict_and_a_moved_mark(self, log: Log) -> None:
        append = an_append(a_part("a", 0), command_id="c", mark=MarkMove("debit", "intake", 3, 0, 1))
        first = await log.append(append)
        assert await log.append(append) == replace(first, repeated=True)

    async def test_repeated_at_the_same_time_it_has_one_effect(self, log: Log) -> None:
        appends = [an_append(f"s{n}", command_id="c", result=str(n).encode()) for n in range(WRITERS)]
        answers = accepted(await together(*[log.append(append) for append in appends]))
        assert len(answers) == WRITERS
        assert Counter(answer.repeated for answer in answers) == {False: 1, True: WRITERS - 1}
        assert len({(answer.result, answer.recorded) for answer in answers}) == 1
        await assert_sound(log, 1)

    async def test_reused_at_the_same_time_one_wins(self, log: Log) -> None:
        appends = [an_append("s", command_id="c", command_hash=bytes([n])) for n in range(WRITERS)]
        answers = await together(*[log.append(append) for append in appends])
        assert len(accepted(answers)) == 1
        assert Counter(map(type, refused(answers))) == {CommandReused: WRITERS - 1}
        await assert_sound(log, 1)

    async def test_a_command_without_events_is_recorded_too(self, log: Log) -> None:
        first = await log.append(an_append(command_id="c", result=b"nothing to do"))
        assert first == Appended(False, b"nothing to do", ())
        assert await log.append(an_append(command_id="c")) == replace(first, repeated=True)
        await assert_sound(log, 0)


class TestMarks:
    async def test_a_mark_moves_with_its_append_and_only_from_where_it_stands(self, log: Log) -> None:
        await log.append(an_append("s", mark=MarkMove("debit", "intake", 3, 0, 1)))
        await log.append(an_append(mark=MarkMove("debit", "intake", 3, 1, 4)))
        for stale in (0, 1, 3, 5):
            with pytest.raises(MarkMoved):
                await log.append(an_append("s", mark=MarkMove("debit", "intake", 3, stale, 6)))
        await log.append(an_append("s", mark=MarkMove("debit", "intake", 3, 4, 5)))
        await assert_sound(log, 2)

    async def test_marks_of_other_consumers_logs_and_slots_are_others(self, log: Log) -> None:
        for consumer, source, slot in (("a", "x", 0), ("b", "x", 0), ("a", "y", 0), ("a", "x", 15)):
            await log.append(an_append("s", mark=MarkMove(consumer, source, slot, 0, 1)))
        await assert_sound(log, 4)

    async def test_of_two_instances_at_the_same_mark_one_goes_on(self, log: Log) -> None:
        moves = [an_append(f"s{n}", mark=MarkMove("debit", "intake", 3, 0, 1)) for n in range(WRITERS)]
        answers = await together(*[log.append(move) for move in moves])
        assert len(accepted(answers)) == 1
        assert Counter(map(type, refused(answers))) == {MarkMoved: WRITERS - 1}
        await assert_sound(log, 1)

    async def test_a_conflict_leaves_the_mark(self, log: Log) -> None:
        with pytest.raises(Conflict):
            await log.append(an_append(a_part("s", 1), mark=MarkMove("debit", "intake", 3, 0, 1)))
        await log.append(an_append(mark=MarkMove("debit", "intake", 3, 0, 1)))


class TestReading:
    async def test_in_pages(self, log: Log) -> None:
        await log.append(an_append(a_part("s", events=5), a_part("t", events=2)))
        assert [event.position for event in await log.read(2, limit=3)] == [3, 4, 5]
        assert [event.version for event in await log.read_stream("s", 3)] == [4, 5]
        assert [event.slot_seq for event in await log.read_slot(slot_of("s"), 1, limit=2)] == [2, 3]
        assert await log.read(7) == []

    async def test_a_reader_sees_every_position_once_and_in_order_while_others_write(self, log: Log) -> None:
        """Also positions that aborted appends might have taken, and also by slot."""
        writing = True
        seen: list[int] = []
        by_slot: dict[int, list[int]] = {slot: [] for slot in range(SLOTS)}

        async def write(number: int) -> int:
            events = 0
            for turn in range(12):
                wrong = turn % 3 == 2
                parts = [a_part(f"s{number}-{turn}", 5 if wrong else 0, events=1 + turn % 2)]
                if number % 4 == 0:  # These wait for each other; the others go together.
                    parts.append(a_part("shared"))
                try:
                    await log.append(an_append(*parts))
                    events += sum(len(part.events) for part in parts)
                except Conflict:
                    assert wrong
            return events

        async def read() -> None:
            while writing or await log.wait(len(seen), 0):
                await log.wait(len(seen), 0.05)
                seen.extend([event.position for event in await log.read(len(seen), limit=50)])

        async def read_slot(slot: int) -> None:
            while writing or (await log.head()).slot_seqs[slot] > len(by_slot[slot]):
                got = await log.read_slot(slot, len(by_slot[slot]), limit=20)
                by_slot[slot].extend([event.slot_seq for event in got])
                await asyncio.sleep(0.01)

        readers = [asyncio.create_task(read()), *[asyncio.create_task(read_slot(slot)) for slot in (0, 7, 12)]]
        written = sum(await asyncio.gather(*[write(number) for number in range(WRITERS)]))
        writing = False
        await asyncio.gather(*readers)

        assert seen == list(range(1, written + 1))
        head = await log.head()
        for slot in (0, 7, 12):
            assert by_slot[slot] == list(range(1, head.slot_seqs[slot] + 1))
        await assert_sound(log, written)

    async def test_waiting(self, log: Log) -> None:
        assert not await log.wait(0, 0)
        assert not await log.wait(0, 0.01)
        waiters = [asyncio.create_task(log.wait(after, 60)) for after in (0, 1)]
        await asyncio.sleep(0.05)
        assert not any(waiter.done() for waiter in waiters)
        await log.append(an_append(a_part("s", events=2)))
        assert await asyncio.gather(*waiters) == [True, True]
        assert await log.wait(1, 0)
        assert not await log.wait(2, 0)


class TestLoading:
    async def test_streams_with_and_without_a_saved_state(self, log: Log) -> None:
        saved = SavedState(3, b'{"balance":2}')
        await log.append(an_append(a_part("wallet", 0, events=2, state=saved), a_part("case", events=2)))
        await log.append(an_append("wallet"))

        wallet, case, nothing = await log.load([("wallet", 3), ("case", 3), ("nothing", 3)])

        assert (wallet.version, wallet.saved, [event.version for event in wallet.tail]) == (3, saved, [3])
        assert (case.version, case.saved, [event.version for event in case.tail]) == (2, None, [1, 2])
        assert (nothing.stream, nothing.version, nothing.saved, nothing.tail) == ("nothing", 0, None, ())

    async def test_a_state_of_another_fold_is_not_used(self, log: Log) -> None:
        await log.append(an_append(a_part("s", 0, events=2, state=SavedState(1, b"old"))))
        (loaded,) = await log.load([("s", 2)])
        assert (loaded.saved, [event.version for event in loaded.tail]) == (None, [1, 2])

    async def test_the_newest_state_replaces_the_one_before(self, log: Log) -> None:
        for version in range(5):
            await log.append(an_append(a_part("s", version, state=SavedState(1, str(version + 1).encode()))))
        (loaded,) = await log.load([("s", 1)])
        assert (loaded.version, loaded.saved, loaded.tail) == (5, SavedState(1, b"5"), ())

    async def test_a_refused_append_saves_no_state(self, log: Log) -> None:
        await log.append(an_append(a_part("s", 0, state=SavedState(1, b"first"))))
        with pytest.raises(Conflict):
            await log.append(an_append(a_part("s", 0, state=SavedState(1, b"second"))))
        (loaded,) = await log.load([("s", 1)])
        assert loaded.saved == SavedState(1, b"first")

    async def test_the_same_stream_wanted_twice(self, log: Log) -> None:
        await log.append(an_append(a_part("s", 0, state=SavedState(1, b"x"))))
        first, second = await log.load([("s", 1), ("s", 2)])
        assert (first.saved, first.tail) == (SavedState(1, b"x"), ())
        assert (second.saved, len(second.tail)) == (None, 1)

    async def test_nothing_wanted(self, log: Log) -> None:
        assert await log.load([]) == []
