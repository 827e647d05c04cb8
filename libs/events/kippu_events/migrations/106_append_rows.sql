-- log.append once more, and cheaper: its batch comes as rows instead of 26 arrays, a command is looked up once instead of
-- twice, and no array is copied for each row that takes one number of it. What it does and answers, and why nothing is
-- lost, doubled or out of order, is told in 105; it holds here as there. The function of 105 stays for the builds of
-- before, which go on beside this one while they are replaced: both lock the head first, so they take turns.

-- What the numbers mean: `command` and `part` count from 1 within the batch.
create type log.new_command as (
    id text, hash bytea, result bytea, now timestamptz, first_part integer, last_part integer);
create type log.new_mark as (
    command integer, consumer text, log text, slot smallint, expected bigint, slot_seq bigint);
create type log.new_part as (
    command integer, stream text, slot smallint, expected bigint, fold_version integer, state bytea);
create type log.new_event as (
    part integer, stream text, id uuid, type text, provider text, metadata bytea, data bytea, sum bytea);

create function log.append(
    commands log.new_command[], marks log.new_mark[], parts log.new_part[], events log.new_event[],
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
    nows timestamptz[];
    part_commands integer[];
    part_slots smallint[];
    event_parts integer[];
    part_no integer;
    slot_no integer;
    event_positions bigint[] := array_fill(null::bigint, array[cardinality(events)]);
    event_versions bigint[] := event_positions;
    event_slots smallint[] := event_positions;
    event_slot_seqs bigint[] := event_positions;
    event_times timestamptz[] := array_fill(null::timestamptz, array[cardinality(events)]);
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'log.append runs at READ COMMITTED: an older snapshot would not show what it waited for';
    end if;

    select h.position, h.slot_seqs, h.recorded_at
    into strict last_position, last_slot_seqs, last_recorded_at
    from log.head h
    for update;

    select
        array_agg(part.command order by part.ordinality),
        array_agg(part.slot order by part.ordinality),
        array_agg(part.version order by part.ordinality),
        coalesce(array_agg(part.command) filter (where part.expected not in (-1, part.version)), '{}')
    into part_commands, part_slots, versions, conflicting
    from (
        select
            part.*,
            coalesce((select e.version from log.event e where e.stream = part.stream order by e.version desc limit 1), 0)
                as version
        from unnest(parts) with ordinality part
    ) part;

    if cardinality(marks) > 0 then
        moved := array(
            select mark.command
            from unnest(marks) mark
            where mark.expected <> coalesce(
                (select m.slot_seq from bus.mark m
                 where m.consumer = mark.consumer and m.log = mark.log and m.slot = mark.slot for update), 0));
    end if;

    select
        array_agg(decided.now order by decided.ordinality),
        array_agg(decided.outcome order by decided.ordinality),
        array_agg(decided.outcome = 'recorded' order by decided.ordinality)
    into nows, outcomes, recorded
    from (
        select
            command.ordinality,
            command.now,
            case
                when first.hash = command.hash then 'repeated'
                when first.hash is not null then 'reused'
                when command.ordinality = any (conflicting) then 'conflict'
                when command.ordinality = any (moved) then 'moved'
                else 'recorded'
            end as outcome
        from unnest(commands) with ordinality command
        left join lateral (select c.hash from log.command c where c.command_id = command.id limit 1) first on true
    ) decided;

    -- Numbers every event without gaps: in the log, in its slot and in its stream; and never earlier than the last.
    positions := array_fill(null::bigint, array[cardinality(parts)]);
    slot_seqs := positions;
    event_parts := array(select event.part from unnest(events) with ordinality event order by event.ordinality);
    for event_no in 1 .. cardinality(events) loop
        part_no := event_parts[event_no];
        if recorded[part_commands[part_no]] then
            slot_no := part_slots[part_no];
            last_position := last_position + 1;
            last_slot_seqs[slot_no + 1] := last_slot_seqs[slot_no + 1] + 1;
            last_recorded_at := greatest(last_recorded_at, nows[part_commands[part_no]]);
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
    select
        event.position, event.stream, event.version, event.slot, event.slot_seq, event.id, event.type, event.provider,
        event.recorded_at, event.metadata, event.data, event.sum
    from rows from (
        unnest(events), unnest(event_positions), unnest(event_versions), unnest(event_slots), unnest(event_slot_seqs),
        unnest(event_times)
    ) event (part, stream, id, type, provider, metadata, data, sum, position, version, slot, slot_seq, recorded_at)
    where event.position is not null;

    insert into log.command (command_id, hash, result, positions)
    select
        command.id, command.hash, command.result,
        case
            -- Nearly always; a slice would copy the positions of the whole batch for each command.
            when command.first_part = command.last_part then array[positions[command.first_part]]
            else positions[command.first_part : command.last_part]
        end
    from unnest(commands) with ordinality command
    where recorded[command.ordinality];

    insert into log.saved_state (stream, version, fold_version, state)
    select part.stream, versions[part.ordinality], part.fold_version, part.state
    from unnest(parts) with ordinality part
    where part.state is not null and recorded[part.command]
    on conflict (stream) do update
    set version = excluded.version, fold_version = excluded.fold_version, state = excluded.state;

    if cardinality(marks) > 0 then
        insert into bus.mark (consumer, log, slot, slot_seq)
        select mark.consumer, mark.log, mark.slot, mark.slot_seq
        from unnest(marks) mark
        where recorded[mark.command]
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
    execute format(
        'grant execute on function log.append(log.new_command[], log.new_mark[], log.new_part[], log.new_event[]) to %I',
        read.role('writer'));
end
$$;
