"""What only the log in PostgreSQL can show: lost connections, lost answers, restarts, tampering, other processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from kippu_events.database import Database, Server
from kippu_events.envelope import slot_of
from kippu_events.local.postgres import LocalPostgres
from kippu_events.log import Append, LogCorrupt, LogUnavailable, MarkMove, SavedState, StreamAppend, batch
from kippu_events.log import connection as log_connection
from kippu_events.log import signal as log_signal
from kippu_events.log import writer as log_writer
from kippu_events.log.postgres import PostgresLog
from kippu_events.testing.appends import NOON, a_part, an_append
from kippu_events.testing.buses import PATIENCE_SECONDS, eventually
from kippu_events.testing.proxy import LossyProxy

WRITERS = 32

APPEND_OF_BEFORE = """
select * from log.append(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
    $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26
)
"""
"""How a build before the migration 106 appends."""

LISTENERS = """
select count(*) = 2 from pg_stat_activity
 where datname = current_database() and application_name = 'kippu log signal'
   and query ilike 'listen%' and state = 'idle'
"""


@pytest.fixture
async def log(database: Database) -> AsyncIterator[PostgresLog]:
    async with PostgresLog("service", database.writer_url) as log:
        yield log


@asynccontextmanager
async def administrator(database: Database) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_superuser_is_refused(database: Database) -> None:
    with pytest.raises(PermissionError):
        await PostgresLog("service", database.admin_url).open()


class TestLostConnections:
    async def test_an_answer_lost_after_the_commit_has_one_effect(self, database: Database) -> None:
        async with LossyProxy(database.writer_url) as proxy, PostgresLog("service", proxy.url) as log:
            await log.append(an_append("s"))
            proxy.lose_next_answer(b"the-command-that-is-lost")
            move = MarkMove("debit", "intake", 3, 0, 1)
            answers = await asyncio.gather(
                log.append(an_append(a_part("s", 1), command_id="the-command-that-is-lost", result=b"1", mark=move)),
                *[log.append(an_append(f"t{n}")) for n in range(9)],
            )
            assert proxy.lost == 1
            # Nothing was written by the second try: the commit had happened.
            assert answers[0].repeated
            assert (answers[0].result, answers[0].recorded[0].version) == (b"1", 2)
            assert (await log.head()).position == 11
            assert len({answer.recorded[0].position for answer in answers}) == 10

    async def test_sessions_killed_while_many_write(self, database: Database, log: PostgresLog) -> None:
        async def kill() -> None:
            async with administrator(database) as admin:
                killed = 0
                while killed < 10:
                    killed += await admin.fetchval(
                        "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                        "where datname = current_database() and application_name = 'kippu log writer'"
                    )
                    await asyncio.sleep(0.02)

        async def write(number: int) -> list[int]:
            positions: list[int] = []
            while not killing.done():
                appended = await log.append(an_append(a_part(f"s{number}", len(positions))))
                positions.append(appended.recorded[0].position)
            return positions

        killing = asyncio.create_task(kill())
        written = await asyncio.gather(*[write(number) for number in range(WRITERS)])
        await killing
        positions = sorted(position for of_one in written for position in of_one)
        assert positions == list(range(1, len(positions) + 1))
        assert [event.position for event in await log.read(0, limit=len(positions) + 1)] == positions

    async def test_a_restart_of_the_server_is_sat_out(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log_connection, "PATIENCE_SECONDS", PATIENCE_SECONDS)
        with LocalPostgres(tmp_path / "postgres") as server:
            database = await Server(server.admin_url).create("service")
            async with PostgresLog("service", database.writer_url) as log:
                await log.append(an_append("s"))
                await asyncio.to_thread(server.stop)
                appends = [asyncio.create_task(log.append(an_append(f"s{n}"))) for n in range(5)]
                waiting = asyncio.create_task(log.wait(5, PATIENCE_SECONDS))
                await asyncio.sleep(0.2)
                assert not any(task.done() for task in (*appends, waiting))
                await asyncio.to_thread(server.start)
                await asyncio.gather(*appends)
                assert await waiting
                assert [event.position for event in await log.read(0)] == [1, 2, 3, 4, 5, 6]

    async def test_a_server_that_stays_away_is_reported(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with LocalPostgres(tmp_path / "postgres") as server:
            database = await Server(server.admin_url).create("service")
            async with PostgresLog("service", database.writer_url) as log:
                await log.append(an_append("s"))
                await asyncio.to_thread(server.stop)
                monkeypatch.setattr(log_connection, "PATIENCE_SECONDS", 0.3)
                answers = await asyncio.gather(
                    *[log.append(an_append(f"s{n}")) for n in range(40)], log.read(0), return_exceptions=True
                )
                assert {type(answer) for answer in answers} == {LogUnavailable}
                monkeypatch.undo()
                await asyncio.to_thread(server.start)
                assert (await log.append(an_append("s"))).recorded[0].position == 2


class TestGroupCommit:
    async def test_what_cannot_share_a_batch_waits_for_the_next(
        self, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Otherwise batches would fail as a whole, and be done again one by one: right, but slow."""
        calls: list[int] = []

        def counted(appends: Sequence[Append]) -> list[Any]:
            calls.append(len(appends))
            return batch.arguments(appends)

        monkeypatch.setattr(log_writer, "arguments", counted)
        on_one_stream = [log.append(an_append("s")) for _ in range(4)]
        of_one_command = [log.append(an_append(f"t{n}", command_id="c")) for n in range(4)]
        of_one_mark = [log.append(an_append(mark=MarkMove("debit", "intake", 3, n, n + 1))) for n in range(4)]
        apart = [log.append(an_append(f"u{n}")) for n in range(4)]
        await asyncio.gather(*on_one_stream, *of_one_command, *of_one_mark, *apart)
        assert calls == [7, 3, 3, 3]

    async def test_many_callers_share_few_commits(self, log: PostgresLog, monkeypatch: pytest.MonkeyPatch) -> None:
        commits: list[int] = []
        monkeypatch.setattr(log._writer, "_committed", commits.append)
        await asyncio.gather(*[log.append(an_append(f"s{n}")) for n in range(256)])
        assert len(commits) < 16

    async def test_a_waiter_in_this_process_needs_neither_notification_nor_poll(
        self, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log_signal, "POLL_SECONDS", 10 * PATIENCE_SECONDS)
        await log._signal.close()
        waiting = asyncio.create_task(log.wait(0, PATIENCE_SECONDS))
        await asyncio.sleep(0.1)  # so that it has looked and found nothing
        await log.append(an_append("s"))
        assert await waiting


class TestOtherProcesses:
    async def test_writers_in_two_processes_share_one_order(self, database: Database, log: PostgresLog) -> None:
        async with PostgresLog("service", database.writer_url) as other:
            answers = await asyncio.gather(
                *[each.append(an_append(a_part("s"), f"t{n % 7}")) for n in range(100) for each in (log, other)]
            )
            positions = sorted(recorded.position for answer in answers for recorded in answer.recorded)
            assert positions == list(range(1, 401))
            assert await log.read(0) == await other.read(0)

    async def test_the_same_command_in_two_processes_has_one_effect(self, database: Database, log: PostgresLog) -> None:
        async with PostgresLog("service", database.writer_url) as other:
            for number in range(20):
                first, second = await asyncio.gather(
                    *[each.append(an_append("s", command_id=f"c{number}")) for each in (log, other)]
                )
                assert {first.repeated, second.repeated} == {False, True}
                assert first.recorded == second.recorded

    async def test_a_waiter_is_woken_by_another_process(
        self, database: Database, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log_signal, "POLL_SECONDS", 10 * PATIENCE_SECONDS)
        async with PostgresLog("service", database.writer_url) as other, administrator(database) as admin:
            await eventually(lambda: admin.fetchval(LISTENERS))
            waiting = asyncio.create_task(other.wait(0, PATIENCE_SECONDS))
            await asyncio.sleep(0.1)  # so that it has looked and found nothing
            await log.append(an_append("s"))
            assert await waiting

    async def test_a_lost_notification_is_made_good_by_the_poll(
        self, database: Database, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log_signal, "POLL_SECONDS", 0.1)
        monkeypatch.setattr(log_signal, "CHANNEL", "somewhere_else")
        async with PostgresLog("service", database.writer_url) as deaf:
            waiting = asyncio.create_task(deaf.wait(0, PATIENCE_SECONDS))
            await asyncio.sleep(0.05)  # so that it has looked and found nothing
            await log.append(an_append("s"))
            assert await waiting

    async def test_a_build_of_before_and_this_one_append_in_turns(self, database: Database, log: PostgresLog) -> None:
        """While it is replaced, an older build calls the function of 105, which takes arrays."""
        await log.append(an_append("s", command_id="new", command_hash=b"hash"))
        async with administrator(database) as admin:
            before = await of_before(admin, "old", a_part("s", 1))
            again = await of_before(admin, "new", a_part("t"))
        await log.append(an_append(a_part("s", 2)))
        repeated = await log.append(an_append("u", command_id="old"))
        assert (before["outcomes"], before["versions"], before["positions"]) == (["recorded"], [2], [2])
        assert again["outcomes"] == ["repeated"]
        assert (repeated.repeated, repeated.result) == (True, b"1")
        assert [event.version for event in await log.read_stream("s")] == [1, 2, 3]
        assert [event.position for event in await log.read(0)] == [1, 2, 3]


async def of_before(admin: asyncpg.Connection[Any], command_id: str, part: StreamAppend) -> Any:
    """An append of one part, made as such a build makes it."""
    (event,) = part.events
    commands = [[command_id], [b"hash"], [b"1"], [NOON], [1], [1]]
    marks: list[list[Any]] = [[], [], [], [], [], []]
    parts = [[1], [part.stream], [slot_of(part.stream)], [int(part.expected)], [None], [None]]
    events = [
        [1],
        [part.stream],
        [event.id],
        [event.type],
        [event.provider],
        [event.metadata],
        [event.data],
        [event.sum],
    ]
    return await admin.fetchrow(APPEND_OF_BEFORE, *commands, *marks, *parts, *events)


class TestTampering:
    @pytest.mark.parametrize("table", ["event", "command"])
    @pytest.mark.parametrize(
        "statement",
        [
            "update log.{table} set {column} = {column}",
            "delete from log.{table}",
            "delete from log.{table} where false",
            "truncate log.{table}",
            "truncate log.{table} cascade",
        ],
    )
    async def test_nothing_is_changed_not_even_by_the_owner(
        self, database: Database, log: PostgresLog, table: str, statement: str
    ) -> None:
        await log.append(an_append("s"))
        column = {"event": "data", "command": "result"}[table]
        async with administrator(database) as admin:
            for become in (f"set role {database.roles}_owner", "reset role", "set session_replication_role = replica"):
                await admin.execute(become)
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
                    await admin.execute(statement.format(table=table, column=column))
        assert len(await log.read(0)) == 1

    @pytest.mark.parametrize(
        "change",
        [
            "update log.event set data = set_byte(data, 0, get_byte(data, 0) # 1) where position = 3",
            "update log.event set metadata = set_byte(metadata, 5, 0) where position = 3",
            "update log.event set sum = set_byte(sum, 31, get_byte(sum, 31) # 1) where position = 3",
            "update log.event set provider = 'svt' where position = 3",
            "update log.event set type = 'kippu.testing.Other.v1' where position = 3",
            "update log.event set id = gen_random_uuid() where position = 3",
            "update log.event set slot = (slot + 1) % 16, slot_seq = slot_seq + 100 where position = 3",
            "delete from log.event where position = 3",
            "delete from log.event where position = 5",
        ],
    )
    async def test_what_was_tampered_with_stops_every_reader(
        self, database: Database, log: PostgresLog, change: str
    ) -> None:
        await log.append(an_append(a_part("s", events=5)))
        slot = (await log.read(0))[0].slot
        async with administrator(database) as admin:
            await admin.execute(f"alter table log.event disable trigger unchanged; {change}")
        with pytest.raises(LogCorrupt):
            await log.read(0)
        with pytest.raises(LogCorrupt):
            await log.read_slot(slot, 0)
        if "= 5" not in change:
            with pytest.raises(LogCorrupt):
                await log.read_stream("s")
            with pytest.raises(LogCorrupt):
                await log.load([("s", 1)])

    async def test_a_head_that_fell_back_stops_the_writer(self, database: Database, log: PostgresLog) -> None:
        await log.append(an_append(a_part("s", events=5)))
        async with administrator(database) as admin:
            await admin.execute("update log.head set position = 3")
        with pytest.raises(LogCorrupt):
            await log.append(an_append("s"))

    async def test_a_state_beyond_its_stream_is_not_used(self, database: Database, log: PostgresLog) -> None:
        await log.append(an_append(a_part("s", 0, events=2, state=SavedState(1, b"x"))))
        async with administrator(database) as admin:
            await admin.execute("update log.saved_state set version = 3")
        (loaded,) = await log.load([("s", 1)])
        assert (loaded.version, loaded.saved, len(loaded.tail)) == (2, None, 2)

    async def test_states_may_be_thrown_away(self, database: Database, log: PostgresLog) -> None:
        await log.append(an_append(a_part("s", 0, events=2, state=SavedState(1, b"x"))))
        async with administrator(database) as admin:
            await admin.execute("truncate log.saved_state")
        (loaded,) = await log.load([("s", 1)])
        assert (loaded.version, loaded.saved, len(loaded.tail)) == (2, None, 2)

    async def test_a_restored_log_gets_a_new_epoch(self, database: Database, log: PostgresLog) -> None:
        await log.append(an_append("s"))
        before = (await log.head()).epoch
        async with administrator(database) as admin:
            epoch = await admin.fetchval("select log.new_epoch()")
        assert epoch != before
        assert (await log.head()).epoch == epoch
        assert (await log.read(0))[0].epoch == epoch


async def test_loading_does_not_grow_with_the_stream(database: Database, log: PostgresLog) -> None:
    """PostgreSQL reads as many rows to load a stream of 5,000 events as to load one of 10, and as many pages but for
    where an index happens to be split: a look-up at a leaf's edge steps to the next one."""
    for stream, length in (("short", 10), ("long", 5000)):
        for start in range(0, length, 1000):
            count = min(1000, length - start)
            await log.append(an_append(a_part(stream, start, events=count, state=SavedState(1, b"{}"))))
    others = [an_append(a_part(f"other-{number}", 0, state=SavedState(1, b"{}"))) for number in range(500)]
    await asyncio.gather(*[log.append(append) for append in others])
    loaded = await log.load([("short", 1), ("long", 1)])
    assert [(one.version, len(one.tail)) for one in loaded] == [(10, 0), (5000, 0)]
    async with administrator(database) as admin:
        await admin.execute("vacuum analyze log.event, log.saved_state, log.head")
        for name, value in log_connection.SETTINGS.items():
            await admin.execute("select set_config($1, $2, false)", name, value)
        short, long, unsaved = [
            await work_to_load(admin, *wanted) for wanted in (("short", 1), ("long", 1), ("long", 2))
        ]
    assert short[0] == long[0] < 5
    assert abs(short[1] - long[1]) <= 2
    assert unsaved[0] > 5000  # the measure does see rows


async def work_to_load(admin: asyncpg.Connection[Any], stream: str, fold_version: int) -> tuple[int, int]:
    """Rows that were read from tables, and pages that were looked at."""
    await admin.execute(f"prepare load (text[], integer[]) as {log_connection.sql('load')}")
    explain = f"explain (analyze, buffers, format json) execute load (array['{stream}'], array[{fold_version}])"
    await admin.fetchval(explain)  # The first one also fills caches.
    plan = json.loads(await admin.fetchval(explain))[0]["Plan"]
    await admin.execute("deallocate load")
    rows = 0
    nodes = [plan]
    while nodes:
        node = nodes.pop()
        nodes.extend(node.get("Plans", []))
        if "Relation Name" in node:
            rows += round(node["Actual Rows"] * node["Actual Loops"])
    return rows, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
