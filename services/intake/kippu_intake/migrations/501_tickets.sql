-- Requests: the list, and each one's events as the timeline that its thread, work and history are read from.

create table read.ticket (
    provider         text        not null,
    ticket_no        text        not null,
    customer_id      text        not null,
    contact_id       text        not null,
    plan_family      text        not null,
    channel          text        not null,
    received_at      timestamptz not null,
    language         text        not null,
    -- Sealed.
    subject          text        not null,
    status           text        not null,
    waiting_for      text,
    -- The clause by which it waits or was declined.
    clause           text,
    category         text,
    asset_serial     text,
    wanted_at        timestamptz,
    wanted_minutes   integer,
    minutes_recorded integer     not null default 0,
    version          bigint      not null,
    primary key (provider, ticket_no)
);

create index ticket_by_receipt on read.ticket (provider, received_at desc, ticket_no desc);
create index ticket_by_customer on read.ticket (provider, customer_id, received_at desc, ticket_no desc);

select read.protect('ticket');

create table read.ticket_event (
    provider    text        not null,
    ticket_no   text        not null,
    customer_id text        not null,
    version     bigint      not null,
    event_id    uuid        not null,
    type        text        not null,
    recorded_at timestamptz not null,
    metadata    bytea       not null,
    -- Exactly as stored in the log; personal fields are sealed.
    data        bytea       not null,
    primary key (provider, ticket_no, version)
);

-- A reply names the event whose mail it answers.
create unique index ticket_event_by_id on read.ticket_event (event_id);

select read.protect('ticket_event');
