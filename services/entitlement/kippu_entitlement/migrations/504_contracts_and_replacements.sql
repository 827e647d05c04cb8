-- Where an asset stands, which contracts cover it, and which unit took whose place; what a decision asks of dispatch.

alter table read.asset
    add column delivered_on date,
    add column area text,
    add column remote_island boolean not null default false,
    add column disks_from text,
    add column part_of text,
    add column contracts jsonb not null default '[]',
    add column replaced_by jsonb,
    add column replaces jsonb;

alter table read.decision
    add column service text,
    add column way text,
    add column contract_id text,
    add column counts_from timestamptz,
    add column shipment jsonb,
    add column targets jsonb not null default '[]',
    add column failed_part text,
    add column carriage_paid_by text,
    add column replies jsonb not null default '[]';
