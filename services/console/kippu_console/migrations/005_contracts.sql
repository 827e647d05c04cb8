-- Contracts that were sold. Each row is fed by the contract's stream alone.
create table read.contract (
    provider text not null,
    contract_id text not null,
    customer_id text not null,
    plan_family text,
    plan_version text,
    product text,
    order_id text,
    options text[],
    serial text,
    model text,
    valid_from date,
    valid_until date,
    -- Its registration: what gives nothing before it, by when, and since when it is complete.
    needs_registration boolean not null default false,
    register_by date,
    reminded_at timestamptz,
    registered_at timestamptz,
    contact_id text,
    -- Sealed.
    site text,
    site_of text,
    area text,
    remote_island boolean,
    height_cm integer,
    refundable_until date,
    renews text,
    sold_at timestamptz,
    announced_at timestamptz,
    ended_on date,
    refunded_at timestamptz,
    refund_reason text,
    primary key (provider, contract_id)
);
create index contract_by_end on read.contract (provider, (coalesce(valid_until, date '9999-12-31')), contract_id);
create index contract_unregistered on read.contract (provider, register_by)
    where needs_registration and registered_at is null and refunded_at is null and ended_on is null;
create index contract_by_customer on read.contract (provider, customer_id);
create index contract_by_serial on read.contract (provider, serial);
create index contract_renewal on read.contract (provider, renews) where renews is not null;
select read.protect('contract');

-- What the register says of a device's contracts, sold here or not. Fed by the asset's stream alone.
create table read.device_contract (
    provider text not null,
    serial text not null,
    contract_id text not null,
    customer_id text not null,
    plan_family text not null,
    plan_version text,
    product text not null,
    model text not null,
    valid_from date not null,
    valid_until date not null,
    registered_at timestamptz,
    primary key (provider, serial, contract_id)
);
create index device_contract_by_id on read.device_contract (provider, contract_id);
select read.protect('device_contract');
