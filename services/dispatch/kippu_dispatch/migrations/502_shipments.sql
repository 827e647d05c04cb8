-- Spare units, shipments with their targets, and what is due back. A visit shows its target, too.

alter table read.visit add column target jsonb;

create table read.unit (
    provider     text        not null,
    serial       text        not null,
    model        text        not null,
    stocked_at   timestamptz not null,
    -- The shipment's id. What became of it stands with the shipment.
    reserved_for text,
    version      bigint      not null,
    primary key (provider, serial)
);

create table read.shipment (
    provider            text        not null,
    shipment_id         text        not null,
    ticket_no           text        not null,
    customer_id         text        not null,
    mode                text        not null,
    clause              text        not null,
    defective_serial    text        not null,
    model               text        not null,
    part                text,
    time_zone           text        not null,
    planned_at          timestamptz not null,
    target              jsonb,
    -- When the target is due; far in the future where there is none yet.
    next_at             timestamptz not null,
    status              text        not null,
    -- The unit that goes to the customer.
    serial              text,
    attempt             integer     not null,
    carrier_reference   text,
    first_shipped_at    timestamptz,
    shipped_at          timestamptz,
    failed_at           timestamptz,
    -- Why the last delivery failed, or why it was withdrawn.
    reason              text,
    repair_received_on  date,
    repair_completed_on date,
    delivered_at        timestamptz,
    received_on         date,
    -- The attempt of which nobody has reported for days what became of it.
    unreported_attempt  integer,
    -- Of the stream of the request's shipments, as last seen.
    version             bigint      not null,
    primary key (provider, shipment_id)
);

create index shipment_by_target on read.shipment (provider, next_at, shipment_id);
create index shipment_by_ticket on read.shipment (provider, ticket_no);

create table read.due_back (
    provider      text        not null,
    shipment_id   text        not null,
    ticket_no     text        not null,
    customer_id   text        not null,
    serial        text        not null,
    due_on        date        not null,
    clause        text        not null,
    reminded_at   timestamptz,
    overdue_since timestamptz,
    received_on   date,
    late          boolean,
    credited      boolean,
    status        text        not null generated always as
                  (case when received_on is not null then 'returned' when overdue_since is not null then 'overdue'
                        else 'expected' end) stored,
    version       bigint      not null,
    primary key (provider, shipment_id)
);

create index due_back_by_day on read.due_back (provider, due_on, shipment_id);
create index due_back_by_ticket on read.due_back (provider, ticket_no);

-- Units that came back instead of the one that is due.
create table read.mismatch (
    provider        text        not null,
    shipment_id     text        not null,
    version         bigint      not null,
    customer_id     text        not null,
    received_serial text        not null,
    received_on     date        not null,
    recorded_at     timestamptz not null,
    primary key (provider, shipment_id, version)
);

select read.protect('unit');
select read.protect('shipment');
select read.protect('due_back');
select read.protect('mismatch');
