-- select read.protect('tickets'): nobody who queries a read model sees another provider, or another customer.
--
-- The table has a column `provider`, and `customer_id` if it concerns customers. The writer sees all; the reader the rows
-- of the provider in `kippu.provider`, of the customers in `kippu.customers` (separated by commas, or * for all), both set
-- for one transaction. Not set, it sees none. FORCE binds the owner too.
create function read.protect(table_name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    rows_shown text := 'provider = (select current_setting(''kippu.provider'', true))';
begin
    if exists (select from pg_attribute
               where attrelid = format('read.%I', table_name)::regclass and attname = 'customer_id' and not attisdropped) then
        rows_shown := rows_shown || ' and ((select current_setting(''kippu.customers'', true)) = ''*'' or customer_id = any '
            || '((select string_to_array(current_setting(''kippu.customers'', true), '',''))::text[]))';
    end if;
    execute format('alter table read.%I enable row level security', table_name);
    execute format('alter table read.%I force row level security', table_name);
    execute format('create policy written on read.%I to %I using (true) with check (true)', table_name, read.role('writer'));
    execute format('create policy shown on read.%I for select to %I using (%s)', table_name, read.role('reader'), rows_shown);
    execute format('grant select on read.%I to %I', table_name, read.role('reader'));
end
$$;
