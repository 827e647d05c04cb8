-- log.append: the only way into the log. It takes a batch of appends, each with its own outcome, in one transaction.
--
-- Why nothing is lost, doubled or out of order: the head row is locked by a statement of its own, before anything is
-- looked at. At READ COMMITTED every later statement sees all that was committed before the lock was granted, and a
-- commit becomes visible before its lock is released. So appends happen one after another, in the order of their
-- positions, and whoever sees an event sees all before it.
--
-- The batch comes as arrays: one entry an append, one a mark, one a stream that an append writes (a part), one an event,
-- each in that order and naming what it belongs to by its number from 1. In a batch a command, a stream and a mark occur
-- at most once (the writer holds the second one back); else the batch fails as a whole.
--
-- An outcome is `recorded`, `repeated` (the same command and hash was recorded before), `reused` (with another hash),
-- `conflict` (a stream is at another version) or `moved` (the mark is elsewhere). Only the first writes anything. Of
-- each part it answers where its last event came to stand; in an append that conflicts, `versions` are what they are.
create function log.append(
    command_ids text[], command_hashes bytea[], command_results bytea[], command_nows timestamptz[],
    command_first_parts integer[], command_last_parts integer[],
    mark_appends integer[], mark_consumers text[], mark_logs text[], mark_slots smallint[],
    mark_expected bigint[], mark_slot_seqs bigint[],
    part_appends integer[], part_streams text[], part_slots smallint[], part_expected bigint[],
    part_fold_versions integer[], part_states bytea[],
    event_parts integer[], event_streams text[], event_ids uuid[], event_types text[], event_providers text[],
    event_metadata bytea[], event_data bytea[], event_sums bytea[],
    out outcomes text[], out versions bigint[], out positions bigint[], out slot_seqs bigint[]
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    last_position bigint;
    last_slot_seqs bigint[];
    last_recorded_at timestamptz;
    conflicting integer[];
    moved integer[] := '{}';
    recorded boolean[];
    part_no integer;
    slot_no integer;
    event_positions bigint[] := array_fill(null::bigint, array[cardinality(event_parts)]);
    event_versions bigint[] := event_positions;
    event_slots smallint[] := event_positions;
    event_slot_seqs bigint[] := event_positions;
    event_times timestamptz[] := array_fill(null::timestamptz, array[cardinality(event_parts)]);
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'log.append runs at READ COMMITTED: an older snapshot would not show what it waited for';
    end if;

    select h.position, h.slot_seqs, h.recorded_at
    into strict last_position, last_slot_seqs, last_recorded_at
    from log.head h
    for update;

    select array_agg(
        coalesce((select e.version from log.event e where e.stream = part.stream order by e.version desc limit 1), 0)
        order by part.ordinal)
    into versions
    from unnest(part_streams) with ordinality part (stream, ordinal);

    conflicting := array(
        select part.append
        from unnest(part_appends, part_expected, versions) part (append, expected, version)
        where part.expected <> -1 and part.expected <> part.version);

    if cardinality(mark_appends) > 0 then
        moved := array(
            select mark.append
            from unnest(mark_appends, mark_consumers, mark_logs, mark_slots, mark_expected)
                mark (append, consumer, log, slot, expected)
            where mark.expected <> coalesce(
                (select m.slot_seq from bus.mark m
                 where m.consumer = mark.consumer and m.log = mark.log and m.slot = mark.slot for update), 0));
    end if;

    select
        array_agg(decided.outcome order by decided.ordinal),
        array_agg(decided.outcome = 'recorded' order by decided.ordinal)
    into outcomes, recorded
    from (
        select
            command.ordinal,
            case
                when command.first_hash = command.hash then 'repeated'
                when command.first_hash is not null then 'reused'
                when command.ordinal = any (conflicting) then 'conflict'
                when command.ordinal = any (moved) then 'moved'
                else 'recorded'
            end as outcome
        from (
            select given.*, (select c.hash from log.command c where c.command_id = given.id) as first_hash
            from unnest(command_ids, command_hashes) with ordinality given (id, hash, ordinal)
        ) command
    ) decided;

    -- Numbers every event without gaps: in the log, in its slot and in its stream; and never earlier than the last.
    positions := array_fill(null::bigint, array[cardinality(part_streams)]);
    slot_seqs := positions;
    for event_no in 1 .. cardinality(event_parts) loop
        part_no := event_parts[event_no];
        if recorded[part_appends[part_no]] then
            slot_no := part_slots[part_no];
            last_position := last_position + 1;
            last_slot_seqs[slot_no + 1] := last_slot_seqs[slot_no + 1] + 1;
            last_recorded_at := greatest(last_recorded_at, command_nows[part_appends[part_no]]);
            versions[part_no] := versions[part_no] + 1;
            positions[part_no] := last_position;
            slot_seqs[part_no] := last_slot_seqs[slot_no + 1];
            event_positions[event_no] := last_position;
            event_versions[event_no] := versions[part_no];
            event_slots[event_no] := slot_no;
            event_slot_seqs[event_no] := slot_seqs[part_no];
            event_times[event_no] := last_recorded_at;
        end if;
    end loop;

    insert into log.event
        (position, stream, version, slot, slot_seq, id, type, provider, recorded_at, metadata, data, sum)
    select *
    from unnest(event_positions, event_streams, event_versions, event_slots, event_slot_seqs, event_ids, event_types,
                event_providers, event_times, event_metadata, event_data, event_sums) as event (position)
    where event.position is not null;

    insert into log.command (command_id, hash, result, positions)
    select command.id, command.hash, command.result, positions[command.first_part : command.last_part]
    from unnest(command_ids, command_hashes, command_results, command_first_parts, command_last_parts, recorded)
        command (id, hash, result, first_part, last_part, recorded)
    where command.recorded;

    insert into log.saved_state (stream, version, fold_version, state)
    select saved.stream, saved.version, saved.fold_version, saved.state
    from unnest(part_appends, part_streams, versions, part_fold_versions, part_states)
        saved (append, stream, version, fold_version, state)
    where saved.state is not null and recorded[saved.append]
    on conflict (stream) do update
    set version = excluded.version, fold_version = excluded.fold_version, state = excluded.state;

    if cardinality(mark_appends) > 0 then
        insert into bus.mark (consumer, log, slot, slot_seq)
        select mark.consumer, mark.log, mark.slot, mark.slot_seq
        from unnest(mark_appends, mark_consumers, mark_logs, mark_slots, mark_slot_seqs)
            mark (append, consumer, log, slot, slot_seq)
        where recorded[mark.append]
        on conflict (consumer, log, slot) do update
        set slot_seq = excluded.slot_seq, updated = excluded.updated;
    end if;

    update log.head h
    set position = last_position, slot_seqs = last_slot_seqs, recorded_at = last_recorded_at
    where h.position < last_position;
end
$$;

do $$
begin
    execute format('grant execute on function log.append to %I', read.role('writer'));
end
$$;
