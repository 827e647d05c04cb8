"""The roster and who is engaged, as tables. Everything of a provider comes from one stream, in its order."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from asyncpg import Connection
from kippu_events.catalogue.capacity import CapacitySet, EngineerEngaged, EngineerReleased, EngineerRostered
from kippu_events.catalogue.hours import DateException, WeeklyShift
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Value
from kippu_events.personal import carry
from pydantic import TypeAdapter

from kippu_dispatch.domain.capacity import Capacity as Known
from kippu_dispatch.domain.capacity import Engagement, Engineer
from kippu_dispatch.readmodels.writing import write

SET = "select time_zone, country, calendar_version, set_by, set_at, version from read.capacity"
ENGINEERS = 'select * from read.engineer order by engineer_id collate "C"'
NAMES = "select engineer_id, name from read.engineer"
ENGAGED = """
select * from read.engagement where ends_at > $1::timestamptz order by starts_at, visit_id collate "C"
"""

_SET = """
insert into read.capacity (provider, time_zone, country, calendar_version, set_by, set_at, version)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[])
    on conflict (provider) do update
   set time_zone = excluded.time_zone, country = excluded.country, calendar_version = excluded.calendar_version,
       set_by = excluded.set_by, set_at = excluded.set_at, version = excluded.version
"""
_VERSIONS = """
update read.capacity
   set version = seen.version
  from unnest($1::text[], $2::bigint[]) as seen (provider, version)
 where capacity.provider = seen.provider
"""
_DISMISSED = "delete from read.engineer where provider = any ($1::text[])"
_ROSTERED = """
insert into read.engineer (provider, engineer_id, name, areas, skills, weekly, exceptions)
select provider, engineer_id, name, array(select jsonb_array_elements_text(areas::jsonb)),
       array(select jsonb_array_elements_text(skills::jsonb)), weekly::jsonb, exceptions::jsonb
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
       as new (provider, engineer_id, name, areas, skills, weekly, exceptions)
"""
_ENGAGED = """
insert into read.engagement (provider, visit_id, customer_id, engineer_id, starts_at, ends_at, area, skill)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
                     $8::text[])
    on conflict (provider, visit_id) do update
   set engineer_id = excluded.engineer_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
       area = excluded.area, skill = excluded.skill
"""
_RELEASED = """
delete from read.engagement
 using unnest($1::text[], $2::text[]) as released (provider, visit_id)
 where (engagement.provider, engagement.visit_id) = (released.provider, released.visit_id)
"""

_WEEKLY = TypeAdapter(tuple[WeeklyShift, ...])
_EXCEPTIONS = TypeAdapter(tuple[DateException, ...])

Row = tuple[Any, ...]


class Capacity(Projector):
    name = "capacity"
    logs = ("dispatch",)
    subscribes = (CapacitySet, EngineerRostered, EngineerEngaged, EngineerReleased)
    tables = ("capacity", "engineer", "engagement")

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        """Of each provider, engineer and visit the last event of the batch counts."""
        rosters: dict[str, Row] = {}
        engineers: dict[tuple[str, str], Row] = {}
        engaged: dict[tuple[str, str], Row | None] = {}
        versions: dict[str, int] = {}
        for envelope in batch:
            provider = envelope.provider
            versions[provider] = envelope.version
            match envelope.event:
                case CapacitySet() as event:
                    rosters[provider] = _roster(envelope, event)
                    engineers = {key: row for key, row in engineers.items() if key[0] != provider}
                case EngineerRostered() as event:
                    engineers[provider, event.engineer_id] = _engineer(envelope, event)
                case EngineerEngaged() as event:
                    engaged[provider, event.visit_id] = _engagement(provider, event)
                case EngineerReleased() as event:
                    engaged[provider, event.visit_id] = None
        await write(connection, _DISMISSED, [(provider,) for provider in rosters])
        await write(connection, _SET, list(rosters.values()))
        await write(connection, _ROSTERED, list(engineers.values()))
        await write(connection, _RELEASED, [key for key, row in engaged.items() if row is None])
        await write(connection, _ENGAGED, [row for row in engaged.values() if row is not None])
        await write(connection, _VERSIONS, list(versions.items()))


def _roster(envelope: Envelope, event: CapacitySet) -> Row:
    return (
        envelope.provider,
        event.time_zone,
        event.country,
        event.calendar_version,
        event.set_by,
        event.occurred_at,
        envelope.version,
    )


def _engineer(envelope: Envelope, event: EngineerRostered) -> Row:
    return (
        envelope.provider,
        event.engineer_id,
        carry(envelope, "name"),
        orjson.dumps(event.areas).decode(),
        orjson.dumps(event.skills).decode(),
        _json(event.weekly),
        _json(event.exceptions),
    )


def _engagement(provider: str, event: EngineerEngaged) -> Row:
    return (
        provider,
        event.visit_id,
        event.customer_id,
        event.engineer_id,
        event.starts_at,
        event.ends_at,
        event.area,
        event.skill,
    )


def _json(values: Sequence[Value]) -> str:
    return orjson.dumps([each.model_dump(mode="json") for each in values]).decode()


@lru_cache(maxsize=500)
def _exceptions(text: str) -> tuple[DateException, ...]:
    """Of one engineer: as many as hundreds, that seldom change, and that every question about a visit looks at."""
    return _EXCEPTIONS.validate_json(text)


def engineer_of(row: Any) -> Engineer:
    return Engineer(
        row["engineer_id"],
        tuple(row["areas"]),
        tuple(row["skills"]),
        _WEEKLY.validate_json(row["weekly"]),
        _exceptions(row["exceptions"]),
    )


def capacity_of(roster: Any, engineers: Sequence[Any], engaged: Sequence[Any]) -> Known:
    """What decisions look at, from the rows."""
    return Known(
        roster["time_zone"],
        tuple(engineer_of(each) for each in engineers),
        tuple(Engagement(**{name: each[name] for name in Engagement.__slots__}) for each in engaged),
        roster["country"],
    )
