"""When a house has come to rest: every event heard by everybody, every due deadline fired, every mail out."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from kippu_events.consumer import marks
from kippu_events.log import Head
from kippu_service.service import Service

from kippu.compose import House
from kippu.trouble import Trouble

MARKS = "select consumer, log, slot, slot_seq from bus.mark"
WORK = """
    select (select count(*) from bus.parked_event) as parked,
           (select position from work.deadline_mark) as planned,
           (select count(*) from work.deadline where fired_at is null and due_at <= $1) as unfired,
           (select position from work.outbox_mark) as noted,
           (select count(*) from work.outbox where closed_at is null) as unsent
"""


async def at_rest(house: House, now: Callable[[], datetime], seconds: float) -> None:
    """Returns when all of this house's services have come to rest. Raises Trouble if they do not within so long."""
    found: str | None = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = await restless(house, now())
                if found is None:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise Trouble(f"After {seconds:.0f} s still at work: {found or 'somebody who is slow to answer'}.") from None


async def restless(house: House, now: datetime) -> str | None:
    """Who still has something to do, of the services of this house. `now` is business time, for what is due.

    Nobody has, if all logs end where they ended before everybody was found to have heard them to their ends: whoever
    does something records it, so in between nothing was done that anybody could have heard of.
    Raises Trouble if events are parked: they would rest until somebody comes.
    """
    before = await _heads(house)
    for name, service in house.services.items():
        found = await _restless_in(house, name, service, before, now)
        if found:
            return found
    after = await _heads(house)
    return next((f"the log of {name}" for name in before if after[name].position != before[name].position), None)


async def _heads(house: House) -> Mapping[str, Head]:
    return {name: await log.head() for name, log in house.logs.items()}


async def _restless_in(
    house: House, name: str, service: Service, heads: Mapping[str, Head], now: datetime
) -> str | None:
    consumers = [(marks.projector_id(projector.name), projector.logs) for projector in service.projectors]
    consumers += [(marks.reactor_id(reactor.name), reactor.logs) for reactor in service.reactors]
    pool = house.runtimes[name].writers
    heard = {(row["consumer"], row["log"], row["slot"]): row["slot_seq"] for row in await pool.fetch(MARKS)}
    for consumer, logs in consumers:
        for log in logs:
            if any(heard.get((consumer, log, slot), 0) < last for slot, last in enumerate(heads[log].slot_seqs)):
                return f"{consumer} of {name}"
    [work] = await pool.fetch(WORK, now)
    position = heads[name].position
    if service.deadlines and (work["planned"] < position or work["unfired"]):
        return f"deadlines of {name}"
    if service.outbox and (work["noted"] < position or work["unsent"]):
        return f"outbox of {name}"
    if work["parked"]:
        raise Trouble(f"{name} has parked events.", where=f"the database of {name}", remedy="kippu parked list")
    return None
