-- A quote is withdrawn once nothing is owed any more for what it was made for.

alter table read.quote
    drop column status,
    add column withdrawn_at timestamptz;
alter table read.quote
    add column status text not null generated always as
        (case when accepted_at is not null then 'accepted' when withdrawn_at is not null then 'withdrawn'
              when lapsed_at is not null then 'lapsed' else 'offered' end) stored;
