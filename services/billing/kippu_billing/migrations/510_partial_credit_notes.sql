-- A credit note may take back a part of an invoice. What was paid for what is taken back is due back, until it is paid.

alter table read.invoice
    -- What credit notes took back, in all.
    add column credited bigint not null default 0 check (credited <= total);

alter table read.credit_note
    -- Tax that the customer withheld for what is taken back.
    add column withheld bigint not null default 0,
    add column lines jsonb not null default '[]';

create table read.refund (
    provider       text        not null,
    refund_id      text        not null,
    invoice_no     text        not null,
    customer_id    text        not null,
    order_id       text        not null,
    amount         bigint      not null,
    currency       text        not null,
    reason         text        not null,
    credit_note_no text,
    payment_id     text,
    due_since      timestamptz not null,
    paid_on        date,
    reference      text,
    status         text        not null generated always as
                   (case when paid_on is not null then 'paid' else 'due' end) stored,
    version        bigint      not null,
    primary key (provider, refund_id)
);

create index refund_by_date on read.refund (provider, due_since, refund_id);

select read.protect('refund');
