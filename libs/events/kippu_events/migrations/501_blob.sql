-- Encrypted blobs by the SHA-256 of their ciphertext: message bodies and attachments that events refer to.

create table blob.blob (
    provider text not null,
    digest bytea not null,
    ciphertext bytea not null check (digest = sha256(ciphertext)),
    stored_at timestamptz not null default clock_timestamp(),
    primary key (provider, digest)
);

-- Ciphertext does not compress; do not try.
alter table blob.blob alter column ciphertext set storage external;

create function blob.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'a blob is never changed: an event names it by its sum' using errcode = 'insufficient_privilege';
end
$$;

create trigger unchanged before update on blob.blob for each row execute function blob.refuse_change();
