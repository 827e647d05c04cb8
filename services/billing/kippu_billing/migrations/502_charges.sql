-- Charges by the terms, and credit notes. An invoice that was taken back is credited, whatever was paid on it.

alter table read.invoice
    add column charge_id text,
    add column credited_on date,
    drop column status;

alter table read.invoice
    add column status text not null generated always as
        (case when credited_on is not null then 'credited' when paid_on is not null then 'paid'
              when overdue_since is not null then 'overdue' else 'open' end) stored;

create table read.credit_note (
    provider       text   not null,
    credit_note_no text   not null,
    invoice_no     text   not null,
    customer_id    text   not null,
    issued_on      date   not null,
    currency       text   not null,
    net            bigint not null,
    total          bigint not null,
    taxes          jsonb  not null,
    paid_back      bigint not null,
    reason         text   not null,
    primary key (provider, credit_note_no)
);

create index credit_note_by_date on read.credit_note (provider, issued_on desc, credit_note_no desc);

create table read.charge (
    provider         text        not null,
    charge_id        text        not null,
    customer_id      text        not null,
    ticket_no        text        not null,
    shipment_id      text        not null,
    clause           text        not null,
    reason           text        not null,
    currency         text        not null,
    net              bigint      not null,
    total            bigint      not null,
    tax_name         text        not null,
    taxes            jsonb       not null,
    lines            jsonb       not null,
    raised_at        timestamptz not null,
    withdrawn_at     timestamptz,
    withdrawn_reason text,
    primary key (provider, charge_id)
);

create index charge_by_date on read.charge (provider, raised_at desc, charge_id desc);

select read.protect('credit_note');
select read.protect('charge');
