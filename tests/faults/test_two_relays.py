"""Two relays publish the same log: at the same time on purpose, and in turns, when a leader sleeps and wakes."""

import asyncio
import signal

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from kippu.compose import House
from kippu.testing.proof import prove
from kippu.testing.town import Town
from kippu.testing.traffic import Ledger, clients, flowing
from kippu_events import steps
from kippu_events.bus.kafka import KafkaPublisher, KafkaSettings
from kippu_events.relay import Relay

LOG = "intake"
TWICE = 30
"""So many events are on the bus twice before the second relay ends."""
PATIENCE_SECONDS = 240

LEADER = """
select pid from pg_locks join pg_stat_activity using (pid)
 where locktype = 'advisory' and granted and pg_stat_activity.datname = $1
   and (classid::bigint << 32) | objid::bigint = hashtextextended('kippu relay intake', 0)
"""
"""Whose relay leads. An advisory lock shows its key in two halves."""

CANDIDATE = """
select pid from pg_stat_activity
 where datname = $1 and query like 'select pg_try_advisory_lock%'
   and not exists (select from pg_locks where pg_locks.pid = pg_stat_activity.pid and locktype = 'advisory')
"""
"""Whose relay has asked for the lock last, and does not have it. One that was deposed finds out when it publishes."""


class Usurper(Relay):
    """A relay that never asks who leads."""

    async def _lead(self, until: int | None) -> None:
        connection = await self._connect()
        try:
            await self._publish(connection, until)
        finally:
            await connection.close(timeout=1)


async def test_two_relays_publish_the_same_events_at_the_same_time(town: Town, ledger: Ledger) -> None:
    async with clients(town, "usurper") as traffic, town.house() as house:
        await town.settled(house)
        surplus = await _surplus(town, house)
        # Given the service's own relay, which leads, and another that publishes all the same
        usurper = Usurper(house.logs[LOG], KafkaPublisher(_bus(town), LOG), house.runtimes[LOG].connect_writer)
        published: list[None] = []
        with steps.at_step("relay.published", lambda: published.append(None)):
            # When clients go on until the bus holds events of both: neither alone publishes anything twice
            async with flowing(traffic), asyncio.timeout(PATIENCE_SECONDS):
                publishing = asyncio.create_task(usurper.run())
                while await _surplus(town, house) < surplus + TWICE:
                    assert town.services[LOG].runs, town.services[LOG].said
                    assert not publishing.done()
            await town.settled(house)
            publishing.cancel()
            await asyncio.wait([publishing])
        # Then nobody has heard one twice
        assert len(published) > 1
        assert await _surplus(town, house) >= surplus + TWICE
        await prove(town, traffic, ledger)


async def test_a_leader_that_sleeps_and_wakes(town: Town, ledger: Ledger) -> None:
    # Given a second instance of intake, whose relay waits for the first one's lock
    first, second = town.services[LOG], town.second(LOG)
    leaders = [await _one(town, LEADER)]
    second.start()
    await second.ready()
    async with clients(town, "two-relays") as traffic:
        async with flowing(traffic, mails=False):
            for leading in (first, second) * 2:
                await _one(town, CANDIDATE)
                # When the leader freezes in whatever it does, and loses its lock without knowing
                leading.signal(signal.SIGSTOP)
                await _end_session(town, leaders[-1])
                leaders.append(await _one(town, LEADER))
                # And goes on, while the other one publishes from where the mark stood
                leading.signal(signal.SIGCONT)
                assert first.runs, first.said
                assert second.runs, second.said
        # Then each has led twice, and everything has arrived once
        assert len(set(leaders)) == len(leaders)
        await second.stop()
        await prove(town, traffic, ledger)


def _bus(town: Town) -> KafkaSettings:
    return KafkaSettings(town.kafka.bootstrap_servers, town.settings.prefix)


async def _surplus(town: Town, house: House) -> int:
    """How many more events the bus holds than the log: those that were published again."""
    bus = _bus(town)
    async with AIOKafkaConsumer(bootstrap_servers=bus.bootstrap_servers) as consumer:
        ends = await consumer.end_offsets([TopicPartition(bus.topic(LOG), number) for number in range(bus.partitions)])
    return sum(ends.values()) - (await house.logs[LOG].head()).position


async def _one(town: Town, wanted: str) -> int:
    """The PostgreSQL process of the one session of intake's that is wanted; waits until there is one."""
    administrator = await asyncpg.connect(town.postgres.admin_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await administrator.fetchval(wanted, f"{town.settings.prefix}_{LOG}")
                if found is not None:
                    return int(found)
                await asyncio.sleep(0.05)
    finally:
        await administrator.close()


async def _end_session(town: Town, process_id: int) -> None:
    administrator = await asyncpg.connect(town.postgres.admin_url)
    try:
        assert await administrator.fetchval("select pg_terminate_backend($1, 5000)", process_id)
    finally:
        await administrator.close()
