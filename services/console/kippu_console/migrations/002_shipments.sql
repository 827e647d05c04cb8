-- Shipments and what is due back for them. Each row is fed by the stream of its request's shipments alone.
create table read.shipment (
    provider text not null,
    customer_id text not null,
    shipment_id text not null,
    ticket_no text not null,
    status text not null default 'planned',
    mode text,
    clause text,
    model text,
    part text,
    defective_serial text,
    -- The unit that goes to the customer.
    serial text,
    attempt integer,
    target jsonb,
    -- The instant at which its target is missed; null where there is none to miss.
    target_at timestamptz,
    shipped_at timestamptz,
    -- Nobody has reported for days what became of the last attempt.
    unreported boolean,
    -- What is due back: the unit of that serial, or only a part inside it.
    return_status text,
    return_serial text,
    return_part text,
    return_clause text,
    due_on date,
    overdue_at timestamptz,
    reminded_at timestamptz,
    -- What came instead, last.
    mismatched_serial text,
    primary key (provider, shipment_id)
);
create index on read.shipment (provider, ticket_no);
select read.protect('shipment');

-- What the agreed time of a visit is to fit.
alter table read.visit add column target jsonb;
