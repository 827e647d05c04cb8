-- Invoices with their payments, and quotes. Amounts in the currency's minor unit.

create table read.invoice (
    provider      text   not null,
    invoice_no    text   not null,
    customer_id   text   not null,
    order_id      text   not null,
    issued_on     date   not null,
    due_on        date   not null,
    currency      text   not null,
    net           bigint not null,
    total         bigint not null,
    tax_name      text   not null,
    taxes         jsonb  not null,
    lines         jsonb  not null,
    -- Each of these is fed by one type of event, so that their order does not matter.
    outstanding   bigint not null check (outstanding >= 0),
    overdue_since timestamptz,
    paid_on       date,
    status        text   not null generated always as
                  (case when paid_on is not null then 'paid' when overdue_since is not null then 'overdue' else 'open' end)
                  stored,
    version       bigint not null,
    primary key (provider, invoice_no)
);

create index invoice_by_date on read.invoice (provider, issued_on desc, invoice_no desc);

create table read.payment (
    provider    text        not null,
    invoice_no  text        not null,
    payment_id  text        not null,
    customer_id text        not null,
    amount      bigint      not null,
    currency    text        not null,
    received_on date        not null,
    recorded_at timestamptz not null,
    version     bigint      not null,
    primary key (provider, invoice_no, payment_id)
);

create table read.quote (
    provider    text        not null,
    quote_id    text        not null,
    customer_id text        not null,
    ticket_no   text,
    plan_family text        not null,
    product     text        not null,
    quantity    integer     not null,
    currency    text        not null,
    net         bigint      not null,
    total       bigint      not null,
    tax_name    text        not null,
    taxes       jsonb       not null,
    lines       jsonb       not null,
    offered_at  timestamptz not null,
    -- The last day, a local date of the provider's.
    valid_until date        not null,
    reason      text        not null,
    clause      text        not null,
    accepted_at timestamptz,
    accepted_by text,
    lapsed_at   timestamptz,
    status      text        not null generated always as
                (case when accepted_at is not null then 'accepted' when lapsed_at is not null then 'lapsed' else 'offered' end)
                stored,
    version     bigint      not null,
    primary key (provider, quote_id)
);

create index quote_by_date on read.quote (provider, offered_at desc, quote_id desc);

select read.protect('invoice');
select read.protect('payment');
select read.protect('quote');
