select
    (select epoch from log.head) as epoch,
    position, stream, version, slot, slot_seq, id, type, provider, recorded_at, metadata, data, sum
from log.event
where stream = $1 and version > $2
order by version
limit $3
