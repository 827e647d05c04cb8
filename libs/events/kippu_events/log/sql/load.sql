-- Several streams: each from its saved state if that was folded by the wanted version, and the events after it. A row
-- for each event, and one without an event where nothing comes after the state. A state beyond its stream counts as none.
-- Each lateral part has a limit or an offset, so that it stays what it is: a look-up by key, once for each stream.
select
    wanted.ordinal, last.version as last_version, saved.version as saved_version, saved.state,
    (select epoch from log.head) as epoch,
    tail.position, tail.stream, tail.version, tail.slot, tail.slot_seq, tail.id, tail.type, tail.provider,
    tail.recorded_at, tail.metadata, tail.data, tail.sum
from unnest($1::text[], $2::integer[]) with ordinality wanted (stream, fold_version, ordinal)
left join lateral (
    select version from log.event where stream = wanted.stream order by version desc limit 1
) last on true
left join lateral (
    select version, state
    from log.saved_state
    where stream = wanted.stream and fold_version = wanted.fold_version and version <= last.version
    limit 1
) saved on true
left join lateral (
    select * from log.event where stream = wanted.stream and version > coalesce(saved.version, 0) order by version offset 0
) tail on true
order by wanted.ordinal, tail.version
