-- Who works where, on what and when, and who is engaged for which visit.

create table read.capacity (
    provider  text        not null primary key,
    -- IANA; times and dates of the roster are in it.
    time_zone text        not null,
    set_by    text        not null,
    set_at    timestamptz not null,
    -- Of the provider's stream, engagements included.
    version   bigint      not null
);

create table read.engineer (
    provider    text   not null,
    engineer_id text   not null,
    -- Sealed.
    name        text   not null,
    areas       text[] not null,
    skills      text[] not null,
    weekly      jsonb  not null,
    exceptions  jsonb  not null,
    primary key (provider, engineer_id)
);

create table read.engagement (
    provider    text        not null,
    visit_id    text        not null,
    customer_id text        not null,
    engineer_id text        not null,
    starts_at   timestamptz not null,
    ends_at     timestamptz not null,
    area        text,
    skill       text,
    primary key (provider, visit_id)
);

create index engagement_by_end on read.engagement (provider, ends_at);

alter table read.visit
    add column area text,
    add column skill text,
    -- Who goes; and whether the dispatcher decided that nobody of the roster does.
    add column engineer_id text,
    add column without_engineer boolean not null default false;

select read.protect('capacity');
select read.protect('engineer');
select read.protect('engagement');
