-- How requests ended, and that they were reopened: what became of each after its last decision.

create table read.request_end (
    provider text not null,
    ticket_no text not null,
    -- The version of the case's stream that says so.
    version bigint not null,
    customer_id text not null,
    -- declined, closed, or reopened
    status text not null,
    declined_by text,
    clause text,
    reason text,
    waiting_for text,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (provider, ticket_no, version)
);
select read.protect('request_end');
