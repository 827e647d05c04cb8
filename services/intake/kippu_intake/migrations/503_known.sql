-- What intake knows of others' facts, at its edges only: who writes from an address, and under which terms mail is taken.

create table read.known_contact (
    provider      text   not null,
    contact_id    text   not null,
    customer_id   text   not null,
    language      text   not null,
    -- Sealed both.
    name          text   not null,
    mail          text   not null,
    -- A keyed hash of the address; null if the person was erased before it was made.
    address_index bytea,
    primary key (provider, contact_id)
);

create index known_contact_by_address on read.known_contact (provider, address_index);

select read.protect('known_contact');

create table read.known_customer (
    provider         text not null,
    customer_id      text not null,
    -- Sealed both: who is named in answers that refer to sales (IIJ-10).
    salesperson_name text not null,
    salesperson_mail text not null,
    primary key (provider, customer_id)
);

select read.protect('known_customer');

create table read.known_plan (
    provider       text not null,
    family         text not null,
    version        text not null,
    effective_from date not null,
    source         text not null,
    primary key (provider, family, version)
);

select read.protect('known_plan');
