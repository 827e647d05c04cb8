-- A command with where the last event of each of its streams came to stand; one row without a position if it wrote none.
select c.hash, c.result, e.stream, e.version, e.position, e.slot, e.slot_seq
from log.command c
left join unnest(c.positions) with ordinality written (position, ordinal) on true
left join log.event e on e.position = written.position
where c.command_id = $1
order by written.ordinal
