"""Services die by SIGKILL wherever they are, then at a named step, again and again, while clients go on.

Two at once, so that each step is also met while the other side of the bus is dead.
"""

import asyncio
import signal
from collections import Counter
from itertools import cycle, islice
from random import Random

import pytest
from kippu.compose import House
from kippu.testing.proof import everything, of, prove
from kippu.testing.town import CUSTOMERS, ServiceProcess, Town
from kippu.testing.traffic import FAMILY, Ledger, clients, flowing
from kippu_events.catalogue.billing import InvoiceIssued, PaymentOverdue
from kippu_events.catalogue.shipments import ReturnOverdue
from kippu_events.testing.buses import eventually

REPEATED = 3
LATEST = 5
"""It dies the first to the fifth time that it comes to the step: among what was left lying, or in the middle of it."""


@pytest.mark.parametrize(
    ("intake", "entitlement"),
    [
        # The API, the log's writer, mail in and out; a reactor, a projector, the relay
        ("append.batched", "react.decided"),
        ("append.committed", "react.appended"),
        ("command.appended", "project.applied"),
        ("mail.appended", "project.committed"),
        ("outbox.sent", "relay.sending"),
        ("outbox.recorded", "relay.moved"),
        # And the other way round
        ("relay.published", "append.committed"),
    ],
    ids=str,
)
async def test_whoever_is_killed_loses_nothing_and_doubles_nothing(
    town: Town, ledger: Ledger, chance: Random, intake: str, entitlement: str
) -> None:
    # Given clients that ask, work and write, and ask again when they get no answer
    async with clients(town, f"{intake}-{entitlement}") as traffic:
        async with flowing(traffic):
            # When two services are killed wherever they are, and three times each at a step
            await asyncio.gather(
                _dies_again_and_again(town.services["intake"], *_fate(chance, intake)),
                _dies_again_and_again(town.services["entitlement"], *_fate(chance, entitlement)),
            )
        # Then all that was acknowledged is there, once, and the logs give what is live
        await prove(town, traffic, ledger)


async def test_units_are_shipped_and_shown_once_whoever_is_killed(town: Town, ledger: Ledger, chance: Random) -> None:
    # Given clients whose units fail, and a dispatcher who ships others for them
    async with clients(town, "units") as traffic:
        async with flowing(traffic):
            # When who plans the shipments and who shows them are killed, each wherever it is and at its steps in turns
            await asyncio.gather(
                _dies_again_and_again(town.services["dispatch"], *_fate(chance, "react.decided", "react.appended")),
                _dies_again_and_again(town.services["console"], *_fate(chance, "project.applied", "project.committed")),
            )
        # Then each request has one shipment with one unit of its own, and the pages show what the logs say
        assert traffic.exchanges
        await prove(town, traffic, ledger)


UNPAID = "select count(*) from work.deadline where kind = 'payment-overdue' and fired_at is null"
DAYS_PASS = "update work.deadline set due_at = clock_timestamp() where kind = 'payment-overdue' and fired_at is null"


async def test_a_service_that_is_killed_as_its_deadlines_fire_fires_each_once(
    town: Town, ledger: Ledger, chance: Random
) -> None:
    billing = town.services["billing"]
    async with clients(town, "deadlines") as traffic, town.house() as house:
        async with flowing(traffic):
            # Given invoices that nobody pays, as many as a deadline's step may be reached
            wanted = {"customer_id": CUSTOMERS[0], "plan_family": FAMILY, "product": "se-10", "quantity": 1}
            for _ in range(LATEST):
                await traffic.post("entitlement", "/v1/orders", wanted)
            await eventually(lambda: _are_unpaid(house, LATEST))
            # When the days to pay them pass, and the service dies again and again as it says that they are overdue
            await billing.kill()
            await house.runtimes["billing"].writers.execute(DAYS_PASS)
            _, steps = _fate(chance, "deadline.appended")
            for step in steps:
                await _dies_at(billing, step)
            billing.start()
            await eventually(lambda: _are_unpaid(house, 0))
        # Then each invoice was said to be overdue once
        await prove(town, traffic, ledger)
        log = await everything(house.logs["billing"])
        overdue = Counter(event.invoice_no for event in of(PaymentOverdue, log))
        assert overdue == Counter(event.invoice_no for event in of(InvoiceIssued, log)[-LATEST:])


async def _are_unpaid(house: House, invoices: int) -> bool:
    return bool(await house.runtimes["billing"].writers.fetchval(UNPAID) == invoices)


NOT_BACK = "select count(*) >= $1 from work.deadline where kind = 'return-overdue' and fired_at is null"
WEEKS_PASS = """
update work.deadline set due_at = clock_timestamp()
 where kind = 'return-overdue' and fired_at is null returning payload ->> 'shipment_id'
"""
ALL_SAID = """
select count(*) = 0 from work.deadline
 where kind = 'return-overdue' and fired_at is null and due_at <= clock_timestamp()
"""


async def test_a_return_that_falls_overdue_as_dispatch_dies_is_charged_once(
    town: Town, ledger: Ledger, chance: Random
) -> None:
    dispatch = town.services["dispatch"]
    async with clients(town, "returns") as traffic, town.house() as house:
        rows = house.runtimes["dispatch"].writers
        async with flowing(traffic):
            # Given failed units that do not come back, as many as a deadline's step may be reached
            await asyncio.gather(*[traffic.exchange(CUSTOMERS[1], "contact-2") for _ in range(LATEST)])
            await eventually(lambda: rows.fetchval(NOT_BACK, LATEST))
            # When the weeks to send them back pass, and dispatch dies again and again as it says that they are overdue
            await dispatch.kill()
            due = [row[0] for row in await rows.fetch(WEEKS_PASS)]
            _, steps = _fate(chance, "deadline.appended")
            for step in steps:
                await _dies_at(dispatch, step)
            dispatch.start()
            await eventually(lambda: rows.fetchval(ALL_SAID))
        # Then each was said to be overdue once, and charged once
        await prove(town, traffic, ledger)
        log = await everything(house.logs["dispatch"])
        assert Counter(event.shipment_id for event in of(ReturnOverdue, log)) == Counter(due)


def _fate(chance: Random, *steps: str) -> tuple[float, list[str]]:
    """After how many seconds it is killed wherever it is, and then at what."""
    seconds, turns = chance.uniform(0, 0.3), islice(cycle(steps), REPEATED)
    return seconds, [f"{step}:{chance.randint(1, LATEST)}" for step in turns]


async def _dies_again_and_again(service: ServiceProcess, seconds: float, steps: list[str]) -> None:
    await asyncio.sleep(seconds)
    await service.kill()
    for step in steps:
        await _dies_at(service, step)
    service.start()
    await service.ready()


async def _dies_at(service: ServiceProcess, step: str) -> None:
    service.start(dies_at=step)
    assert await service.ended() == -signal.SIGKILL, service.said
    assert f"killed at {step.partition(':')[0]}" in service.said
