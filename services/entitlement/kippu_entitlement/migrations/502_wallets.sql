-- Orders, the lots they credit, and a statement of every ticket that came and went.

create table read.ticket_order (
    provider text not null,
    order_id text not null,
    customer_id text not null,
    version bigint not null,
    plan_family text not null,
    product text not null,
    quantity integer not null,
    requested_on date not null,
    quote_id text,
    placed_at timestamptz not null,
    status text not null,
    plan_version text,
    tickets integer,
    price jsonb,
    valid_from date,
    valid_until date,
    clauses jsonb not null default '[]',
    reasons jsonb not null default '[]',
    invoice_no text,
    paid_on date,
    primary key (provider, order_id)
);
create index ticket_order_by_customer on read.ticket_order (provider, customer_id, order_id);
select read.protect('ticket_order');

create table read.wallet (
    provider text not null,
    wallet_id text not null,
    customer_id text not null,
    plan_family text not null,
    version bigint not null,
    primary key (provider, wallet_id)
);
select read.protect('wallet');

-- What is left of a lot is never written, it follows.
create table read.lot (
    provider text not null,
    lot_id text not null,
    wallet_id text not null,
    customer_id text not null,
    order_id text not null,
    valid_from timestamptz not null,
    expires_at timestamptz not null,
    credited integer not null,
    debited integer not null default 0,
    reversed integer not null default 0,
    expired integer not null default 0,
    remaining integer not null generated always as (credited - debited + reversed - expired) stored check (remaining >= 0),
    primary key (provider, lot_id)
);
create index lot_by_wallet on read.lot (provider, wallet_id);
select read.protect('lot');

-- One row an event of the wallet's stream that moves tickets. `change` is what it does to the balance; the running
-- balance is the sum of the changes by `version`, the stream's own order.
create table read.wallet_entry (
    provider text not null,
    wallet_id text not null,
    customer_id text not null,
    version bigint not null,
    event_id uuid not null,
    kind text not null,
    change integer not null,
    allocations jsonb not null,
    reference text not null,
    ticket_no text,
    note text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    counts_at timestamptz,
    primary key (provider, wallet_id, version)
);
select read.protect('wallet_entry');
