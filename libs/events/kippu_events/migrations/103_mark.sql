-- How far a consumer has come in each slot of each log it reads: in the same database as what it guards, and moved in
-- the same transaction.
create table bus.mark (
    consumer text not null,
    log text not null,
    slot smallint not null check (slot between 0 and 15),
    slot_seq bigint not null check (slot_seq >= 0),
    -- Where to go on reading on the bus (Kafka: the partition's offset; embedded: the log's position).
    bus_offset bigint,
    updated timestamptz not null default clock_timestamp(),
    primary key (consumer, log, slot)
) with (fillfactor = 50);

-- Queries wait for a mark when they are asked to show what was just written.
do $$
begin
    execute format('grant select on bus.mark to %I', read.role('reader'));
end
$$;
