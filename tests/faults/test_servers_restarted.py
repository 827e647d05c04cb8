"""PostgreSQL and the broker go away and come back while clients go on: told to stop, and without a word to anybody."""

import asyncio
import os
import signal

from kippu.compose import House
from kippu.testing.proof import prove
from kippu.testing.town import CUSTOMERS, Town
from kippu.testing.traffic import Ledger, clients, flowing

AWAY_SECONDS = 1.0
HOWS = ("told to stop", "crashed")

PUBLISHED = "select position from bus.relay where log = 'intake'"


async def test_postgresql_restarts_under_load(town: Town, ledger: Ledger) -> None:
    async with clients(town, "postgres") as traffic:
        async with flowing(traffic):
            for how in HOWS:
                await traffic.served()
                before = town.postgres.process_id
                # When the server goes, in good order or by an immediate shutdown without one
                if how == "crashed":
                    os.kill(before, signal.SIGQUIT)
                await asyncio.to_thread(town.postgres.stop)
                async with asyncio.TaskGroup() as late:
                    asked = late.create_task(traffic.open_ticket(CUSTOMERS[0], "contact-1"))
                    written = late.create_task(traffic.write(CUSTOMERS[0], "contact-1"))
                    # Then nobody who asks or writes while it is away is told that it was done
                    await asyncio.sleep(AWAY_SECONDS)
                    assert not asked.done()
                    assert not written.done()
                    await asyncio.to_thread(town.postgres.start)
                    assert town.postgres.process_id != before
                # And once it is back everybody is, by services that were not started again
                await traffic.work(asked.result())
            await traffic.served()
        await prove(town, traffic, ledger)


async def test_the_broker_restarts_under_load(town: Town, ledger: Ledger) -> None:
    async with clients(town, "broker") as traffic, town.house() as house:
        async with flowing(traffic):
            for how in HOWS:
                await traffic.served()
                before = town.kafka.process_id
                # When the broker goes, in good order or by a kill -9
                if how == "crashed":
                    os.kill(before, signal.SIGKILL)
                await asyncio.to_thread(town.kafka.stop)
                recorded = await _recorded(house)
                # Then what is asked while it is away is acknowledged all the same: it waits in the log
                await traffic.served()
                assert await _published(house) <= recorded < await _recorded(house)
                await asyncio.to_thread(town.kafka.start)
                assert town.kafka.process_id != before
        await prove(town, traffic, ledger)


async def _recorded(house: House) -> int:
    return (await house.logs["intake"].head()).position


async def _published(house: House) -> int:
    return int(await house.runtimes["intake"].writers.fetchval(PUBLISHED))
