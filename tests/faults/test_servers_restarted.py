"""PostgreSQL and the broker go away and come back while clients go on; and two relays publish the same log."""

import asyncio
import os
import signal

import asyncpg
import pytest
from kippu.testing.proof import prove
from kippu.testing.town import Town
from kippu.testing.traffic import clients, flowing

AWAY_SECONDS = 1.0

LEADER = """
select pid from pg_locks join pg_stat_activity using (pid)
 where locktype = 'advisory' and granted and pg_stat_activity.datname = $1
   and (classid::bigint << 32) | objid::bigint = hashtextextended('kippu relay intake', 0)
"""
"""Whose relay leads. An advisory lock shows its key in two halves."""


@pytest.mark.parametrize("how", ["told to stop", "crashed"])
async def test_postgresql_restarts_under_load(town: Town, all_tickets: dict[str, list[int]], how: str) -> None:
    async with clients(town, f"postgres-{how[0]}") as traffic:
        async with flowing(traffic):
            await asyncio.sleep(AWAY_SECONDS)
            before, asked_again = town.postgres.process_id, traffic.unanswered
            # When the server goes, in good order or without a word to anybody
            if how == "crashed":
                os.kill(before, signal.SIGQUIT)  # an immediate shutdown: recovered from the write-ahead log
            else:
                await asyncio.to_thread(town.postgres.stop)
            await asyncio.sleep(AWAY_SECONDS)
            await asyncio.to_thread(town.postgres.start)
            # Then it is another process, clients have noticed, and services go on without being started again
            assert town.postgres.process_id != before
            await asyncio.sleep(AWAY_SECONDS)
        assert traffic.unanswered >= asked_again
        assert traffic.tickets
        await prove(town, traffic, all_tickets)


@pytest.mark.parametrize("how", ["told to stop", "crashed"])
async def test_the_broker_restarts_under_load(town: Town, all_tickets: dict[str, list[int]], how: str) -> None:
    async with clients(town, f"broker-{how[0]}") as traffic:
        async with flowing(traffic):
            await asyncio.sleep(AWAY_SECONDS)
            before = town.kafka.process_id
            if how == "crashed":
                os.kill(before, signal.SIGKILL)
            await asyncio.to_thread(town.kafka.stop)
            # What is asked while the bus is away is acknowledged all the same: it waits in the log
            served = len(traffic.tickets)
            await asyncio.sleep(AWAY_SECONDS)
            await asyncio.to_thread(town.kafka.start)
            assert town.kafka.process_id != before
            assert len(traffic.tickets) > served
        await prove(town, traffic, all_tickets)


async def test_two_relays_publish_the_same_log(town: Town, all_tickets: dict[str, list[int]]) -> None:
    # Given a second instance of intake, whose relay waits for the first one's lock
    second = town.second("intake")
    second.start()
    await second.ready()
    async with clients(town, "two-relays") as traffic:
        async with flowing(traffic, mails=False):
            leaders = [await _leader(town)]
            for leading, waiting in [(town.services["intake"], second), (second, town.services["intake"])] * 2:
                await asyncio.sleep(AWAY_SECONDS / 2)
                # When the leader freezes in whatever it does, and loses its lock without knowing
                leading.signal(signal.SIGSTOP)
                leaders.append(await _deposed(town, leaders[-1]))
                # And goes on, while the other one publishes from where the mark stood
                leading.signal(signal.SIGCONT)
                assert waiting.runs
        # Then each has led twice, and everything has arrived once
        assert len(set(leaders)) == len(leaders)
        await second.stop()
        await prove(town, traffic, all_tickets)


async def _leader(town: Town) -> int:
    """The PostgreSQL process of the session that holds the relay's lock."""
    administrator = await asyncpg.connect(town.postgres.admin_url)
    try:
        async with asyncio.timeout(30):
            while True:
                found = await administrator.fetchval(LEADER, "town_intake")
                if found is not None:
                    return int(found)
                await asyncio.sleep(0.05)
    finally:
        await administrator.close()


async def _deposed(town: Town, leader: int) -> int:
    """Ends the leader's session; answers who leads next."""
    administrator = await asyncpg.connect(town.postgres.admin_url)
    try:
        assert await administrator.fetchval("select pg_terminate_backend($1, 5000)", leader)
    finally:
        await administrator.close()
    return await _leader(town)
