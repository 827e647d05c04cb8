-- Who of the provider's people goes on site, and who goes to which visit. Fed by the stream of capacity alone.
create table read.engineer (
    provider text not null,
    engineer_id text not null,
    areas jsonb not null,
    skills jsonb not null,
    primary key (provider, engineer_id)
);
select read.protect('engineer');

create table read.engagement (
    provider text not null,
    engineer_id text not null,
    visit_id text not null,
    customer_id text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    primary key (provider, engineer_id, visit_id)
);
create index engagement_by_day on read.engagement (provider, starts_at);
select read.protect('engagement');

-- What somebody has to be rostered for, to go there.
alter table read.visit add column area text, add column skill text;
