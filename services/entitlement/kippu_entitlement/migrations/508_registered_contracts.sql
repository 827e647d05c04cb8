-- What is registered with a contract. The site's address stands here as ciphertext only; that of a renewal which took it
-- over stands with the contract that `site_of` names.

alter table read.contract
    add column registered_at timestamptz,
    add column model text,
    add column contact_id text,
    add column site text,
    add column site_of text,
    add column area text,
    add column remote_island boolean,
    add column height_cm integer,
    add column registration_reminded_at timestamptz,
    add column refunded_at timestamptz;
