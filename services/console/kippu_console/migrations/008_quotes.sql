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
