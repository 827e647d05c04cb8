-- What wallets lacked when they were to be debited, with what was offered for it.

create table read.shortfall (
    provider         text        not null,
    debit_id         text        not null,
    ticket_no        text        not null,
    customer_id      text        not null,
    -- The version of the case's stream at which it was noted.
    version          bigint      not null,
    wanted           integer     not null,
    missing          integer     not null,
    -- Of what was missing, what was neither debited since nor forgiven.
    owed             integer     not null,
    offered_product  text        not null,
    offered_quantity integer     not null,
    valid_until      date        not null,
    noted_at         timestamptz not null,
    primary key (provider, debit_id)
);
create index shortfall_by_ticket on read.shortfall (provider, ticket_no);
select read.protect('shortfall');
