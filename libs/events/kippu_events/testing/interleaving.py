"""For property tests: read models must not depend on the order in which slots arrive, nor on how batches are cut.

@given(st.randoms(use_true_random=False))
async def test_…(chance):
    in_order = await rebuilt(connection, projectors, [envelopes])
    assert await rebuilt(connection, projectors, pieces(interleaved(envelopes, chance), chance)) == in_order
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import random
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from asyncpg import Connection

from kippu_events.bus import Slot
from kippu_events.consumer import Projector
from kippu_events.consumer.projector import qualified
from kippu_events.envelope import Envelope
from kippu_events.replay import dump, project


def interleaved(envelopes: Iterable[Envelope], chance: random.Random) -> list[Envelope]:
    """The same events with each slot in its order, and slots against each other as chance has it.

    Now and then one slot is far ahead of the others, as one is behind a slow partition.
    """
    slots: defaultdict[Slot, deque[Envelope]] = defaultdict(deque)
    for envelope in envelopes:
        slots[envelope.log, envelope.slot].append(envelope)
    shuffled: list[Envelope] = []
    while slots:
        slot = chance.choice(sorted(slots))
        for _ in range(chance.choice((1, 1, 2, len(slots[slot])))):
            if slots[slot]:
                shuffled.append(slots[slot].popleft())
        if not slots[slot]:
            del slots[slot]
    return shuffled


def pieces(envelopes: Sequence[Envelope], chance: random.Random) -> Iterator[Sequence[Envelope]]:
    """Cut into batches of any size, as a bus would."""
    start = 0
    while start < len(envelopes):
        size = chance.randint(1, len(envelopes) - start)
        yield envelopes[start : start + size]
        start += size


async def rebuilt(
    connection: Connection[Any], projectors: Sequence[Projector], batches: Iterable[Sequence[Envelope]]
) -> bytes:
    """Empties the projectors' tables, applies the batches, and answers the dump of what came of it."""
    tables = sorted({table for projector in projectors for table in projector.tables})
    await connection.execute(f"truncate {', '.join(qualified(table) for table in tables)}")
    for batch in batches:
        await project(connection, projectors, batch)
    return await dump(connection, tables)
