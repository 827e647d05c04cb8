"""The spare units as a table. What a reserved one's shipment has come to stands with the shipment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.shipments import UnitReleased, UnitReserved, UnitStocked
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_dispatch.readmodels.writing import write

PAGE = """
select unit.*, shown.status
  from read.unit
  left join read.shipment on shipment.shipment_id = unit.reserved_for
 cross join lateral (
       select case when unit.reserved_for is null then 'in_stock'
                   when shipment.first_shipped_at is null then 'reserved'
                   else 'shipped' end as status) as shown
 where ($1::text is null or shown.status = $1)
   and ($2::text is null or unit.model = $2)
   and ($3::text is null or unit.serial > $3)
 order by unit.serial
 limit $4
"""

_STOCKED = """
insert into read.unit (provider, serial, model, stocked_at, version)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[])
    on conflict (provider, serial) do update
   set model = excluded.model, stocked_at = excluded.stocked_at, reserved_for = null, version = excluded.version
"""

_RESERVED = """
update read.unit
   set reserved_for = said.reserved_for, version = said.version
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as said (provider, serial, reserved_for, version)
 where (unit.provider, unit.serial) = (said.provider, said.serial)
"""


class Units(Projector):
    name = "units"
    logs = ("dispatch",)
    subscribes = (UnitStocked, UnitReserved, UnitReleased)
    tables = ("unit",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        stocked: dict[tuple[str, str], tuple[str, datetime, int]] = {}  # by unit; what was said last stands
        reserved: dict[tuple[str, str], tuple[str | None, int]] = {}
        for at in batch:
            match at.event:
                case UnitStocked() as event:
                    stocked[at.provider, event.serial] = (event.model, event.occurred_at, at.version)
                    reserved.pop((at.provider, event.serial), None)
                case UnitReserved() as event:
                    reserved[at.provider, event.serial] = (event.shipment_id, at.version)
                case UnitReleased() as event:
                    reserved[at.provider, event.serial] = (None, at.version)
        await write(connection, _STOCKED, [(*key, *said) for key, said in stocked.items()])
        await write(connection, _RESERVED, [(*key, *said) for key, said in reserved.items()])
