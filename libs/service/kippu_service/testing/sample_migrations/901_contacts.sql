-- The read model of the sample service (kippu_service.testing.sample).
create table read.contacts (
    provider text not null,
    contact_id text not null,
    customer_id text not null,
    name text,
    language text not null,
    version bigint not null,
    primary key (provider, contact_id)
);
select read.protect('contacts');
