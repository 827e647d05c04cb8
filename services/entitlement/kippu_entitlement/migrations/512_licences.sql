-- Licences, and what their holders are known by: hashes only.

create table read.licence (
    provider         text        not null,
    licence_id       text        not null,
    customer_id      text        not null,
    plan_family      text        not null,
    plan_version     text        not null,
    quantity         integer     not null,
    price_paid       bigint      not null,
    full_on          date        not null,
    maintained_until date        not null,
    ends_at          timestamptz not null,
    version          bigint      not null,
    primary key (provider, licence_id)
);

select read.protect('licence');

create table read.member (
    provider    text        not null,
    -- SHA-256 of provider and member ID, or incident member number.
    hash        text        not null,
    kind        text        not null,
    customer_id text        not null,
    licence_id  text        not null,
    issued_at   timestamptz not null,
    -- The end of the maintenance; none for what pays by incidents.
    ends_at     timestamptz,
    voided_at   timestamptz,
    clause      text        not null,
    primary key (provider, hash)
);

select read.protect('member');
