-- Services at an appointment, as the engineers and the customer see them.

create table read.booking (
    provider    text        not null,
    booking_id  text        not null,
    customer_id text        not null,
    contact_id  text        not null,
    status      text        not null,
    product     text        not null,
    -- The service's name, by language.
    name        jsonb       not null,
    starts_at   timestamptz not null,
    minutes     integer     not null,
    paid_by     text        not null,
    paid_on     date,
    terms       jsonb       not null,
    time_zone   text        not null,
    points      jsonb,
    answers     jsonb,
    -- What is missing since the last day of the points ended.
    missing     text,
    -- Item → whether the customer prepared it.
    prepared    jsonb       not null default '{}',
    requested_at timestamptz not null,
    completed_at timestamptz,
    version     bigint      not null,
    primary key (provider, booking_id)
);

create index booking_by_start on read.booking (provider, starts_at, booking_id);

select read.protect('booking');
