-- The contracts that are registered for a unit and wait for its delivery: they have no dates yet (SVT-26).

alter table read.asset add column undated jsonb not null default '[]';
