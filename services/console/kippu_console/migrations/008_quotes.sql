-- What was offered, and what became of it. Each row is fed by the quote's stream alone.
create table read.quote (
    provider text not null,
    quote_id text not null,
    customer_id text not null,
    ticket_no text,
    plan_family text,
    product text,
    quantity integer,
    total bigint,
    currency text,
    valid_until date,
    clause text,
    out_of_scope boolean,
    status text,
    offered_at timestamptz,
    accepted_by text,
    accepted_at timestamptz,
    primary key (provider, quote_id)
);
create index quote_by_ticket on read.quote (provider, ticket_no) where ticket_no is not null;
create index quote_to_answer on read.quote (provider, valid_until, quote_id) where status = 'offered';
select read.protect('quote');

-- What came of the order of an accepted quote. Fed by the case's stream alone.
create table read.quote_order (
    provider text not null,
    quote_id text not null,
    customer_id text not null,
    status text,
    order_id text,
    -- By which clauses the terms refuse it, and why.
    clauses text[],
    reasons text[],
    primary key (provider, quote_id)
);
create index quote_order_to_settle on read.quote_order (provider) where status = 'order_refused';
select read.protect('quote_order');

-- What a customer gets back. Fed by the invoice's stream alone.
create table read.refund (
    provider text not null,
    refund_id text not null,
    customer_id text not null,
    invoice_no text,
    amount bigint,
    currency text,
    reason text,
    status text,
    due_since timestamptz,
    paid_on date,
    reference text,
    primary key (provider, refund_id)
);
create index refund_due on read.refund (provider, due_since, refund_id) where status = 'due';
select read.protect('refund');
