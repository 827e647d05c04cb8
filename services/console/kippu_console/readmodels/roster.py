"""Who goes on site, for which areas and with which skills, and who is engaged for which visit."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any

import orjson
from asyncpg import Connection
from kippu_events.catalogue import capacity
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_console.readmodels.rows import write


class Roster(Projector):
    """The roster as it was set last, and the visits that its engineers go to. All of a provider's is of one stream."""

    name = "roster"
    logs = ("dispatch",)
    tables = ("engineer", "engagement")
    subscribes = (
        capacity.CapacitySet,
        capacity.EngineerRostered,
        capacity.EngineerEngaged,
        capacity.EngineerReleased,
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        on_roster: dict[str, tuple[str, ...]] = {}
        engineers: dict[tuple[str, str], tuple[Any, ...]] = {}
        engaged: dict[tuple[str, str, str], tuple[Any, ...] | None] = {}
        for envelope in batch:
            event: Any = envelope.event
            match event:
                case capacity.CapacitySet():
                    on_roster[envelope.provider] = event.engineers
                case capacity.EngineerRostered():
                    able = (orjson.dumps(event.areas).decode(), orjson.dumps(event.skills).decode())
                    engineers[envelope.provider, event.engineer_id] = able
                case capacity.EngineerEngaged():
                    at = (event.customer_id, event.starts_at, event.ends_at)
                    engaged[envelope.provider, event.engineer_id, event.visit_id] = at
                case capacity.EngineerReleased():
                    engaged[envelope.provider, event.engineer_id, event.visit_id] = None
        await write(connection, ROSTERED, [(*key, *engineers[key]) for key in sorted(engineers)])
        for provider in sorted(on_roster):
            await connection.execute(NO_LONGER, provider, list(on_roster[provider]))
        await write(connection, RELEASED, sorted(engaged))
        await write(connection, ENGAGED, [(*key, *at) for key, at in sorted(engaged.items()) if at is not None])


ROSTERED = """
insert into read.engineer (provider, engineer_id, areas, skills)
select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::jsonb[])
on conflict (provider, engineer_id) do update
set areas = excluded.areas, skills = excluded.skills
"""
NO_LONGER = "delete from read.engineer where provider = $1 and engineer_id <> all ($2::text[])"
RELEASED = """
delete from read.engagement using unnest($1::text[], $2::text[], $3::text[]) as gone (provider, engineer_id, visit_id)
where (engagement.provider, engagement.engineer_id, engagement.visit_id)
    = (gone.provider, gone.engineer_id, gone.visit_id)
"""
ENGAGED = """
insert into read.engagement (provider, engineer_id, visit_id, customer_id, starts_at, ends_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
"""
