-- Orders are given back in parts, and unused prepaid tickets with them.

alter table read.lot drop column remaining;
alter table read.lot add column revoked integer not null default 0;
alter table read.lot add column remaining integer not null
    generated always as (credited - debited + reversed - expired - revoked) stored check (remaining >= 0);

-- One row a time that something of an order was given back; the last of it is in the order itself.
create table read.order_refund (
    provider text not null,
    order_id text not null,
    number integer not null,
    customer_id text not null,
    refunded_on date not null,
    reason text not null,
    lines jsonb not null,
    primary key (provider, order_id, number)
);
select read.protect('order_refund');
