-- The log: what was recorded, once, in one order, for ever.

-- How far the log has come: one row, locked by every append, so that commits and positions have the same order.
create table log.head (
    only_one boolean primary key default true check (only_one),
    epoch uuid not null default gen_random_uuid(),
    position bigint not null default 0,
    slot_seqs bigint[] not null default array_fill(0::bigint, array[16]) check (cardinality(slot_seqs) = 16),
    recorded_at timestamptz not null default '0001-01-01 00:00:00+00'
) with (fillfactor = 10);

insert into log.head default values;

create table log.event (
    position bigint primary key,
    stream text not null,
    version bigint not null check (version > 0),
    slot smallint not null check (slot between 0 and 15),
    slot_seq bigint not null check (slot_seq > 0),
    id uuid not null unique,
    type text not null,
    provider text not null,
    recorded_at timestamptz not null,
    metadata bytea not null,
    data bytea not null,
    sum bytea not null check (length(sum) = 32),
    unique (stream, version),
    unique (slot, slot_seq)
);

-- What was asked, once each, and what came of it. `positions` are those of the last event of each stream it wrote.
create table log.command (
    command_id text primary key,
    hash bytea not null,
    result bytea not null,
    positions bigint[] not null
);

-- What folding a stream came to: may be thrown away at any time, and is then folded again from the events.
create table log.saved_state (
    stream text primary key,
    version bigint not null,
    fold_version integer not null,
    state bytea not null
);

create function log.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception '% of %.%: what the log holds is never changed', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;

create trigger unchanged before update or delete or truncate on log.event
    for each statement execute function log.refuse_change();
create trigger unchanged before update or delete or truncate on log.command
    for each statement execute function log.refuse_change();
-- Also under session_replication_role = replica.
alter table log.event enable always trigger unchanged;
alter table log.command enable always trigger unchanged;

-- For an administrator who restored the log to an earlier point: consumers whose marks lie beyond it then stop.
create function log.new_epoch() returns uuid
language sql set search_path = pg_catalog, pg_temp
as $$
    update log.head set epoch = gen_random_uuid() returning epoch
$$;
