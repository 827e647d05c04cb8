-- What every consumer of this service has set aside, and how far the log is published.

-- The epoch of the log that was read; null until the first event. Another one means that the log was restored.
alter table bus.mark add column epoch uuid;

-- A key (a stream) with a poison event. While the row stands, later events of the key are parked behind it; live
-- consumer and redrive lock it, and the last redrive deletes it.
create table bus.parked_key (
    consumer  text        not null,
    log       text        not null,
    key       text        not null,
    error     text        not null,
    attempts  integer     not null,
    parked_at timestamptz not null default now(),
    primary key (consumer, log, key)
);

-- The parked events, as they were received: the redrive decodes them again, with the upcasters of its day.
create table bus.parked_event (
    consumer    text        not null,
    log         text        not null,
    slot        smallint    not null,
    slot_seq    bigint      not null,
    key         text        not null,
    epoch       uuid        not null,
    position    bigint      not null,
    version     bigint      not null,
    id          uuid        not null,
    type        text        not null,
    provider    text        not null,
    recorded_at timestamptz not null,
    metadata    bytea       not null,
    data        bytea       not null,
    sum         bytea       not null,
    primary key (consumer, log, slot, slot_seq),
    foreign key (consumer, log, key) references bus.parked_key
);

create index parked_event_by_key on bus.parked_event (consumer, log, key, slot_seq);

-- The version of its code that each projector's tables were built by; another one rebuilds them from position 0.
create table bus.projector (
    consumer text    primary key,
    version  integer not null
);

-- How far a log is published to the bus, without gaps.
create table bus.relay (
    log      text   primary key,
    position bigint not null check (position >= 0),
    epoch    uuid   not null
);
