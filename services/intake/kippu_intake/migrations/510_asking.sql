-- Who asks, and which versions of the terms there are, for a request that is about to be opened: one round trip, under
-- row-level security like every other read.

-- Terms are published, never edited, so a text that was read once is known by this.
alter table read.known_plan add column digest text not null generated always as (md5(source)) stored;

create function read.asking(
    of_provider text, of_contact text, of_family text,
    out contact_id text, out customer_id text, out language text, out digests text[])
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform set_config('kippu.provider', of_provider, true), set_config('kippu.customers', '*', true);
    select contact.contact_id, contact.customer_id, contact.language into contact_id, customer_id, language
      from read.known_contact contact where contact.provider = of_provider and contact.contact_id = of_contact;
    select coalesce(array_agg(plan.digest order by plan.effective_from desc, plan.version desc), '{}') into digests
      from read.known_plan plan where plan.provider = of_provider and plan.family = of_family;
end
$$;

do $$
begin
    execute format('grant execute on function read.asking to %I', read.role('reader'));
end
$$;
