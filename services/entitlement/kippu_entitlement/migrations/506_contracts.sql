-- Orders of several lines, for a device, of renewals; and the contracts that they sold.

alter table read.ticket_order
    add column together jsonb not null default '[]',
    add column asset_serial text,
    add column renews text,
    add column wanted_delivery_on date,
    add column pay_by date,
    add column refundable_until date,
    add column register_by date;

create table read.contract (
    provider text not null,
    contract_id text not null,
    customer_id text not null,
    version bigint not null,
    plan_family text not null,
    plan_version text not null,
    product text not null,
    order_id text not null,
    options jsonb not null,
    serial text,
    valid_from date,
    valid_until date,
    needs_registration boolean not null,
    register_by date,
    refundable_until date,
    renews text,
    sold_at timestamptz not null,
    -- When it was told that the contract will end, and the last day of one that ended.
    end_announced_at timestamptz,
    ended_on date,
    primary key (provider, contract_id)
);
create index contract_by_customer on read.contract (provider, customer_id, contract_id);
create index contract_by_serial on read.contract (provider, serial) where serial is not null;
select read.protect('contract');
