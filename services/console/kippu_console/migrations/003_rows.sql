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

-- Who goes to a visit, and whether somebody else is to be found.
alter table read.visit add column engineer_id text, add column unassigned boolean;
create index visit_unassigned on read.visit (provider) where unassigned;

-- The board's order, and that of its filters.
create index board_by_turn on read.board (provider, (status = 'waiting') desc, received_at desc, ticket_no desc);
-- What is counted on the board waits for somebody, and is few among all that ever was.
create index board_active on read.board (provider) where status in ('open', 'waiting');
create index board_waiting on read.board (provider, waiting_for) where waiting_for is not null;
create index visit_held on read.visit (provider) where status = 'held';
create index unmatched_waiting on read.unmatched (provider) where ticket_no is null;
create index invoice_owed on read.invoice (provider, due_on) where outstanding > 0;
create index shipment_leaving on read.shipment (provider)
    where status in ('planned', 'allotted', 'in_repair', 'repaired', 'failed');
create index shipment_due_back on read.shipment (provider, due_on) where return_status in ('expected', 'overdue');
-- The history of one thing, by its stream.
create index timeline_by_stream on read.timeline (provider, stream);
