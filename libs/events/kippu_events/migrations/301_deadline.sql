-- A service's deadlines: planned from its own log, fired once.

create table work.deadline (
    id             text        primary key,
    -- Null in kind, provider and due_at: taken back. The row stays, so that an older wish cannot bring it back.
    kind           text,
    provider       text,
    due_at         timestamptz,
    payload        jsonb       not null default '{}',
    -- The position of the event that last spoke about it. An event at or before it changes nothing, so that the log
    -- can be planned again from 0 at any time.
    position       bigint      not null,
    correlation_id text,
    causation_id   text,
    -- Business time. Once set, it stays: nothing plans or fires this deadline again.
    fired_at       timestamptz,
    attempts       integer     not null default 0,
    error          text,
    -- System time: a deadline that failed is not claimed before it.
    retry_at       timestamptz
);

create index deadline_by_due_at on work.deadline (due_at, id) where fired_at is null and due_at is not null;

-- How far the log is planned; one row.
create table work.deadline_mark (
    only_row boolean primary key default true check (only_row),
    position bigint  not null check (position >= 0)
);

insert into work.deadline_mark (position) values (0);
