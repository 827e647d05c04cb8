-- The schemas of a service's database, and what each role may do in them.
--
-- A role is named after the database's owner, so that these files hold no role's name and run in any database.
-- What a later migration creates in `bus`, `work`, `blob` and `read` the writer may use at once; the reader sees
-- nothing until `read.protect` lets it. In `log` nobody writes but through log.append.

-- A function is for whom it is granted to.
alter default privileges revoke execute on functions from public;

create schema log;
create schema bus;
create schema work;
create schema blob;
create schema read;

create function read.role(kind text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if current_user !~ '_owner$' then
        raise exception 'migrations run as the owner of the database, not as %', current_user;
    end if;
    return regexp_replace(current_user, '_owner$', '_' || kind);
end
$$;

do $$
declare
    writer text := read.role('writer');
    reader text := read.role('reader');
    schema_name text;
begin
    foreach schema_name in array array['bus', 'work', 'blob', 'read'] loop
        execute format('grant usage on schema %I to %I', schema_name, writer);
        execute format('alter default privileges in schema %I grant select, insert, update, delete, truncate on tables to %I',
                       schema_name, writer);
        execute format('alter default privileges in schema %I grant usage on sequences to %I', schema_name, writer);
    end loop;
    execute format('grant usage on schema log to %I', writer);
    execute format('alter default privileges in schema log grant select on tables to %I', writer);
    execute format('grant usage on schema read, bus to %I', reader);
end
$$;
