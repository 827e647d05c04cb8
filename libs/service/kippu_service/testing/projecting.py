"""Projects a log into a service's read models at once, where a test does not care how the bus does it."""

from kippu_events.consumer.marks import projector_id
from kippu_events.envelope import SLOTS

from kippu_service.runtime import Runtime
from kippu_service.service import Service

_MOVE = """
insert into bus.mark (consumer, log, slot, slot_seq) values ($1, $2, $3, $4)
on conflict (consumer, log, slot) do update set slot_seq = excluded.slot_seq
"""


async def project(service: Service, runtime: Runtime) -> None:
    """Applies the runtime's own log from its beginning to its end, and sets the marks."""
    head = await runtime.log.head()
    envelopes = await runtime.log.read(0, head.position or 1)
    connection = await runtime.connect_writer()
    try:
        for projector in service.projectors:
            if runtime.log.name not in projector.logs:
                continue
            types = {event.type for event in projector.subscribes}
            async with connection.transaction():
                await projector.apply(connection, [e for e in envelopes if e.type in types])
                moves = [
                    (projector_id(projector.name), runtime.log.name, slot, head.slot_seqs[slot])
                    for slot in range(SLOTS)
                ]
                await connection.executemany(_MOVE, moves)
    finally:
        await connection.close()
