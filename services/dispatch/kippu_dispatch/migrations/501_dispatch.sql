-- Visits, as the dispatcher and the customer see them.

create table read.visit (
    provider     text        not null,
    visit_id     text        not null,
    ticket_no    text        not null,
    customer_id  text        not null,
    status       text        not null,
    requested_at timestamptz not null,
    wanted_at    timestamptz not null,
    notice_days  integer     not null,
    clause       text        not null,
    -- The wanted time until another is agreed.
    starts_at    timestamptz not null,
    minutes      integer     not null,
    -- Why it was postponed, declined or withdrawn, and by whom it was last settled.
    reason       text,
    settled_by   text,
    completed_at timestamptz,
    -- Of the stream of the request's visits, as last seen.
    version      bigint      not null,
    primary key (provider, visit_id)
);

create index visit_by_start on read.visit (provider, starts_at, visit_id);
create index visit_by_ticket on read.visit (provider, ticket_no);

select read.protect('visit');
