-- The provider's time zone, as its published terms say.
create table read.provider (
    provider text primary key,
    time_zone text not null
);
select read.protect('provider');

-- One row an event that concerns a ticket, a wallet, an order or a customer: the material of every timeline.
create table read.timeline (
    provider text not null,
    customer_id text,
    log text not null,
    position bigint not null,
    stream text not null,
    version bigint not null,
    event_id uuid not null,
    type text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    actor text not null,
    correlation_id text not null,
    causation_id text,
    ticket_no text,
    wallet_id text,
    order_id text,
    data jsonb not null,
    primary key (log, position)
);
create index on read.timeline (provider, ticket_no, occurred_at) where ticket_no is not null;
create index on read.timeline (provider, wallet_id, occurred_at) where wallet_id is not null;
create index on read.timeline (provider, order_id, occurred_at) where order_id is not null;
select read.protect('timeline');

-- The board of requests. Each group of columns is fed by one stream, named in front of it.
create table read.board (
    provider text not null,
    customer_id text not null,
    ticket_no text not null,
    -- intake's ticket stream
    status text not null default 'open',
    waiting_for text,
    channel text,
    category text,
    asset_serial text,
    received_at timestamptz,
    subject text,
    minutes bigint not null default 0,
    -- entitlement's case stream
    outcome text,
    deciding_clause text,
    -- entitlement's wallet stream: sums, which commute
    debited bigint not null default 0,
    missing bigint not null default 0,
    primary key (provider, ticket_no)
);
create index on read.board (provider, received_at desc, ticket_no);
select read.protect('board');

-- Fed by the visit's stream alone.
create table read.visit (
    provider text not null,
    customer_id text not null,
    visit_id text not null,
    ticket_no text not null,
    status text not null,
    visit_at timestamptz,
    minutes bigint,
    clause text,
    primary key (provider, visit_id)
);
create index on read.visit (provider, ticket_no);
select read.protect('visit');

-- Fed by the wallet's stream alone; `version` is that stream's.
create table read.wallet (
    provider text not null,
    customer_id text not null,
    wallet_id text not null,
    version bigint not null,
    credited bigint not null default 0,
    debited bigint not null default 0,
    reversed bigint not null default 0,
    expired bigint not null default 0,
    primary key (provider, wallet_id)
);
select read.protect('wallet');

-- Fed by the mail's stream alone. Without a customer a row is for the provider's own people only.
create table read.unmatched (
    provider text not null,
    customer_id text,
    mail_id text not null,
    received_at timestamptz not null,
    reason text not null,
    sender text,
    subject text,
    ticket_no text,
    primary key (provider, mail_id)
);
select read.protect('unmatched');

-- Fed by the invoice's stream alone.
create table read.invoice (
    provider text not null,
    customer_id text not null,
    invoice_no text not null,
    order_id text not null,
    status text not null,
    total bigint not null,
    outstanding bigint not null,
    currency text not null,
    due_on date not null,
    primary key (provider, invoice_no)
);
select read.protect('invoice');
