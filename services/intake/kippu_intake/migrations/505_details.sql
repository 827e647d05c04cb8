-- What else was said of a request, as one object; and what can be expected of it by the decision that stands.

alter table read.ticket
    add column details     jsonb not null default '{}',
    add column expectation jsonb;
