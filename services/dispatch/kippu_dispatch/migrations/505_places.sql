-- Where a shipment goes. An address is carried sealed, from the event that stated it, and opened for who packs.

alter table read.shipment
    add column destination       jsonb,
    -- Whether another place was named once it had left.
    add column named_too_late    boolean not null default false;

-- Places that requests name.
create table read.named_place (
    provider    text not null,
    place_id    text not null,
    customer_id text not null,
    address     text,
    primary key (provider, place_id)
);

-- Sites as they are registered with contracts, each from when it takes effect on.
create table read.registered_site (
    provider     text        not null,
    contract_id  text        not null,
    version      bigint      not null,
    customer_id  text        not null,
    effective_at timestamptz not null,
    address      text,
    -- The contract on which the address stands, where this one took it over.
    site_of      text,
    primary key (provider, contract_id, version)
);

select read.protect('named_place');
select read.protect('registered_site');
