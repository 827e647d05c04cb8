"""When a house has come to rest: every event heard by everybody, every due deadline fired, every mail out."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from kippu_events.consumer import marks
from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu.compose import House
from kippu.trouble import Trouble

MARKS = "select slot, slot_seq from bus.mark where consumer = $1 and log = $2"
PARKED = "select count(*) from bus.parked_event"
UNPLANNED = "select position from work.deadline_mark"
UNFIRED = "select count(*) from work.deadline where fired_at is null and due_at <= $1"
UNNOTED = "select position from work.outbox_mark"
UNSENT = "select count(*) from work.outbox where closed_at is null"


async def at_rest(house: House, now: Callable[[], datetime], seconds: float) -> None:
    """Returns when all of this house's services have come to rest. Raises Trouble if they do not within so long."""
    found: str | None = None
    try:
        async with asyncio.timeout(seconds):
            quiet = 0
            # Twice in a row: what one consumer writes while another is looked at is seen the second time.
            while quiet < 2:
                found = await restless(house, now())
                quiet = 0 if found else quiet + 1
                if found:
                    await asyncio.sleep(0.02)
    except TimeoutError:
        raise Trouble(f"After {seconds:.0f} s still at work: {found or 'somebody who is slow to answer'}.") from None


async def restless(house: House, now: datetime) -> str | None:
    """Who still has something to do, of the services of this house. `now` is business time, for what is due.

    Raises Trouble if events are parked: they would rest until somebody comes.
    """
    for name, service in house.services.items():
        found = await _restless_in(house, name, service, house.runtimes[name], now)
        if found:
            return found
    return None


async def _restless_in(house: House, name: str, service: Service, runtime: Runtime, now: datetime) -> str | None:
    consumers = [(marks.projector_id(projector.name), projector.logs) for projector in service.projectors]
    consumers += [(marks.reactor_id(reactor.name), reactor.logs) for reactor in service.reactors]
    pool = runtime.writers
    for consumer, logs in consumers:
        for log in logs:
            head = await house.logs[log].head()
            done = {row["slot"]: row["slot_seq"] for row in await pool.fetch(MARKS, consumer, log)}
            if any(done.get(slot, 0) < last for slot, last in enumerate(head.slot_seqs)):
                return f"{consumer} of {name}"
    position = (await runtime.log.head()).position
    if service.deadlines and (await pool.fetchval(UNPLANNED) < position or await pool.fetchval(UNFIRED, now)):
        return f"deadlines of {name}"
    if service.outbox and (await pool.fetchval(UNNOTED) < position or await pool.fetchval(UNSENT)):
        return f"outbox of {name}"
    if await pool.fetchval(PARKED):
        raise Trouble(f"{name} has parked events.", where=f"the database of {name}", remedy="kippu parked list")
    return None
