-- A row begins with its key; the first event of its stream says the rest in the same transaction.
alter table read.visit alter column ticket_no drop not null, alter column status drop not null;
alter table read.shipment alter column ticket_no drop not null;
alter table read.invoice alter column order_id drop not null, alter column status drop not null,
    alter column total drop not null, alter column outstanding drop not null, alter column currency drop not null,
    alter column due_on drop not null;

-- Since when a request waits for somebody; of intake's ticket stream.
alter table read.board add column waiting_since timestamptz;

-- Where a unit goes, and whether another place was named when it had left.
alter table read.shipment add column destination text, add column redirected_late boolean;

-- The board's order, and that of its filters.
create index board_by_turn on read.board (provider, (status = 'waiting') desc, received_at desc, ticket_no desc);
-- The history of one thing, by its stream.
create index timeline_by_stream on read.timeline (provider, stream);
