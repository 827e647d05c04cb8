-- The slot's last number as of the same instant stands beside every row (one without an event if there is none).
select
    head.slot_seqs[$1::integer + 1] as last, head.epoch, event.*
from log.head
left join lateral (
    select position, stream, version, slot, slot_seq, id, type, provider, recorded_at, metadata, data, sum
    from log.event
    where slot = $1::integer and slot_seq > $2
    order by slot_seq
    limit $3
) event on true
order by event.slot_seq
