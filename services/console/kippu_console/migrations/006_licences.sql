-- All licences of a customer under one family of terms. Each row is fed by the licence's stream alone.
create table read.licence (
    provider text not null,
    licence_id text not null,
    customer_id text not null,
    plan_family text,
    plan_version text,
    contact_id text,
    quantity integer,
    price_paid bigint,
    full_on date,
    maintained_until date,
    notice_at timestamptz,
    -- How they were bought last: sold, continuing, rejoining, adding.
    last_bought text,
    bought_at timestamptz,
    noticed_at timestamptz,
    renewal_fee bigint,
    ended_on date,
    -- The member ID that works: since when and until when. Never the ID.
    member_issued_at timestamptz,
    member_ends_at timestamptz,
    incident_number_at timestamptz,
    primary key (provider, licence_id)
);
select read.protect('licence');
