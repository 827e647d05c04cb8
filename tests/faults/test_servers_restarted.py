"""PostgreSQL and the broker go away and come back while clients go on: told to stop, and without a word to anybody."""

import asyncio
import os
import signal

from kippu.compose import House
from kippu.testing.proof import prove
from kippu.testing.town import Town
from kippu.testing.traffic import Ledger, Traffic, clients, flowing

AWAY_SECONDS = 1.0
ANSWERED_SECONDS = 0.3
"""After so long whatever was on its way to a client has arrived."""
HOWS = ("told to stop", "crashed")

PUBLISHED = "select position from bus.relay where log = 'intake'"


async def test_postgresql_restarts_under_load(town: Town, ledger: Ledger) -> None:
    async with clients(town, "postgres") as traffic:
        async with flowing(traffic):
            for how in HOWS:
                await _served(town, traffic)
                before = town.postgres.process_id
                # When the server goes, in good order or by an immediate shutdown without one
                if how == "crashed":
                    os.kill(before, signal.SIGQUIT)
                await asyncio.to_thread(town.postgres.stop)
                # Then nobody is told that anything was done while it is away
                await asyncio.sleep(ANSWERED_SECONDS)
                done = len(traffic.commands), len(traffic.mails)
                await asyncio.sleep(AWAY_SECONDS)
                assert (len(traffic.commands), len(traffic.mails)) == done
                await asyncio.to_thread(town.postgres.start)
                assert town.postgres.process_id != before
            # And services go on without being started again
            await _served(town, traffic)
        await prove(town, traffic, ledger)


async def test_the_broker_restarts_under_load(town: Town, ledger: Ledger) -> None:
    async with clients(town, "broker") as traffic, town.house() as house:
        async with flowing(traffic):
            for how in HOWS:
                await _served(town, traffic)
                before = town.kafka.process_id
                # When the broker goes, in good order or by a kill -9
                if how == "crashed":
                    os.kill(before, signal.SIGKILL)
                await asyncio.to_thread(town.kafka.stop)
                # Then what is asked while it is away is acknowledged all the same: it waits in the log
                await asyncio.sleep(ANSWERED_SECONDS)
                published = await _published(house)
                await _served(town, traffic)
                assert (await house.logs["intake"].head()).position > await _published(house) == published
                await asyncio.to_thread(town.kafka.start)
                assert town.kafka.process_id != before
        await prove(town, traffic, ledger)


async def _served(town: Town, traffic: Traffic) -> None:
    """Returns once clients have been told that more was done."""
    done = len(traffic.commands)
    async with asyncio.timeout(240):
        while True:
            await asyncio.sleep(0.05)
            for service in town.services.values():
                assert service.runs, service.said
            if len(traffic.commands) >= done + 5:
                return


async def _published(house: House) -> int:
    return int(await house.runtimes["intake"].writers.fetchval(PUBLISHED))
