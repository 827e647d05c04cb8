-- One key a subject. A row without a key is the tombstone of an erased subject: it never gets a key again.
create schema keyring;

create table keyring.key (
    provider text not null,
    subject text not null,
    wrapped bytea,
    made_at timestamptz not null default now(),
    erased_at timestamptz,
    primary key (provider, subject),
    check ((wrapped is null) = (erased_at is not null))
);

create function keyring.keep() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.wrapped is null and new.provider = old.provider and new.subject = old.subject then
        return new;
    end if;
    raise exception 'a key in the keyring is erased or left alone: % of %.% refused', tg_op, old.provider, old.subject;
end
$$;

create trigger keep before update or delete on keyring.key for each row execute function keyring.keep();

create function keyring.keep_all() returns trigger language plpgsql as $$
begin
    raise exception 'the keyring is never truncated';
end
$$;

create trigger keep_all before truncate on keyring.key for each statement execute function keyring.keep_all();

-- Services come as the writer. Erasing is an update; nobody may delete or truncate.
do $$
begin
    if current_user !~ '_owner$' then
        raise exception 'migrations run as the owner of the database, not as %', current_user;
    end if;
    execute format('grant usage on schema keyring to %I', regexp_replace(current_user, '_owner$', '_writer'));
    execute format('grant select, insert, update on keyring.key to %I', regexp_replace(current_user, '_owner$', '_writer'));
end
$$;
