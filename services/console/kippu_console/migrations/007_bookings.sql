-- Services at an appointment. Each row is fed by the booking's stream alone.
create table read.booking (
    provider text not null,
    booking_id text not null,
    customer_id text not null,
    status text,
    product text,
    -- The service's, by language.
    name jsonb,
    starts_at timestamptz,
    minutes integer,
    paid_by text,
    -- The request that it is for, and the incidents that pay it.
    ticket_no text,
    units integer,
    clause text,
    pay_by date,
    void_at timestamptz,
    paid_on date,
    paid_late_on date,
    points_clause text,
    points_by date,
    points_due_at timestamptz,
    points_mailed_at timestamptz,
    points_answered_at timestamptz,
    -- What was missing when the points were due.
    points_missing text,
    -- Why it is void or blocked: clauses, and what was not prepared.
    reasons text[],
    unmet text[],
    completed_at timestamptz,
    cancelled_because text,
    primary key (provider, booking_id)
);
create index booking_by_start on read.booking (provider, starts_at, booking_id);
create index booking_ahead on read.booking (provider) where status in ('requested', 'confirmed', 'blocked');
select read.protect('booking');

-- What the customer prepares for a booking, and whether they said that it is. Fed by the booking's stream alone.
create table read.preparation (
    provider text not null,
    booking_id text not null,
    customer_id text not null,
    number integer not null,
    item text not null,
    clause text not null,
    name jsonb not null,
    met boolean,
    primary key (provider, booking_id, item)
);
select read.protect('preparation');
