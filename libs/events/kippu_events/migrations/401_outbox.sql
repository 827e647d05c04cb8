-- What is to leave the house (a mail, a webhook): one row an event, never rebuilt, never deleted.

create table work.outbox (
    event_id      uuid        primary key,
    -- Where the event stands in the service's own log; what is sent is read from there.
    position      bigint      not null unique,
    -- System time: not tried before it. Backoff and a sender's lease both move it.
    try_at        timestamptz not null default clock_timestamp(),
    -- How often it was claimed to be sent.
    attempts      integer     not null default 0,
    last_error    text,
    noted_at      timestamptz not null default clock_timestamp(),
    -- Once set, it stays: the outcome is an event in the log, and nothing sends this again.
    closed_at     timestamptz
);

create index outbox_by_try_at on work.outbox (try_at, position) where closed_at is null;

-- How far the log is noted; one row.
create table work.outbox_mark (
    only_row boolean primary key default true check (only_row),
    position bigint  not null check (position >= 0)
);

insert into work.outbox_mark (position) values (0);
