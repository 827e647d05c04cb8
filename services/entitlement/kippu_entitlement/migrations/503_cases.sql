-- What was decided on each request, and why; and what waits for an operator.

create table read.decision (
    provider text not null,
    ticket_no text not null,
    decision integer not null,
    customer_id text not null,
    contact_id text not null,
    -- The version of the case's stream at which it was decided.
    version bigint not null,
    plan_family text not null,
    plan_version text not null,
    outcome text not null,
    metered boolean not null,
    quantity integer,
    waiting_for text,
    deciding_clause text not null,
    findings jsonb not null,
    remedies jsonb not null,
    facts jsonb not null,
    visit jsonb,
    decided_at timestamptz not null,
    primary key (provider, ticket_no, decision)
);
select read.protect('decision');

create table read.approval (
    provider text not null,
    approval_id text not null,
    ticket_no text not null,
    decision integer not null,
    customer_id text not null,
    version bigint not null,
    clause text not null,
    -- open, granted, refused, or superseded by a later decision
    status text not null,
    requested_at timestamptz not null,
    answered_at timestamptz,
    answered_by text,
    primary key (provider, approval_id)
);
create index open_approval on read.approval (provider, requested_at, approval_id) where status = 'open';
select read.protect('approval');
