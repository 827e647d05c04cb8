-- Who buys, what they have, and under which terms. `version` is that of the stream a row comes from (the ETag).
-- Personal data stands here as ciphertext only.

create table read.customer (
    provider text not null,
    customer_id text not null,
    version bigint not null,
    name text not null,
    language text not null,
    country text not null,
    salesperson_id text not null,
    salesperson_name text not null,
    salesperson_mail text not null,
    registered_at timestamptz not null,
    primary key (provider, customer_id)
);
select read.protect('customer');

create table read.contact (
    provider text not null,
    contact_id text not null,
    customer_id text not null,
    name text not null,
    mail text not null,
    telephone text,
    language text not null,
    primary key (provider, contact_id)
);
create index contact_by_customer on read.contact (provider, customer_id, contact_id);
select read.protect('contact');

create table read.asset (
    provider text not null,
    serial text not null,
    customer_id text not null,
    version bigint not null,
    kind text not null,
    model text not null,
    plan_family text not null,
    bought_from_provider boolean not null,
    bought_on date,
    warranty_until date,
    installed_by text not null,
    maintenance_agreement text,
    primary key (provider, serial)
);
create index asset_by_customer on read.asset (provider, customer_id, serial);
select read.protect('asset');

create table read.plan (
    provider text not null,
    family text not null,
    version text not null,
    stream_version bigint not null,
    effective_from date not null,
    digest text not null,
    source text not null,
    published_at timestamptz not null,
    primary key (provider, family, version)
);
select read.protect('plan');
