-- The head as of the same instant stands beside every row (one without an event if there is none): what comes before it
-- and is not here is missing.
select
    head.position as last, head.epoch, event.*
from log.head
left join lateral (
    select position, stream, version, slot, slot_seq, id, type, provider, recorded_at, metadata, data, sum
    from log.event
    where position > $1
    order by position
    limit $2
) event on true
order by event.position
