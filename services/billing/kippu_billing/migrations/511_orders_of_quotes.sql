-- What became of the order that an accepted quote led to, and why money is due back.

alter table read.quote
    drop column status,
    add column order_id text,
    add column ordered_at timestamptz,
    add column refused_at timestamptz,
    -- The clauses by which the terms refuse its order, and in words.
    add column refused_by jsonb not null default '[]',
    add column refused_because jsonb not null default '[]',
    add column undone_at timestamptz;
alter table read.quote
    add column status text not null generated always as
        (case when undone_at is not null then 'undone'
              when refused_at is not null and ordered_at is null then 'refused'
              when accepted_at is not null then 'accepted' when withdrawn_at is not null then 'withdrawn'
              when lapsed_at is not null then 'lapsed' else 'offered' end) stored;

alter table read.refund
    add column cause text not null default 'taken_back';
