-- When a decision became known, beside when it was taken: what was known at a date is asked by this.

alter table read.decision add column recorded_at timestamptz;

-- The owner is bound by the policies, too, and none is for it; it is let in for what is there already.
alter table read.decision no force row level security;
update read.decision as decision set recorded_at = event.recorded_at
from log.event as event
where event.stream = 'case-' || decision.provider || '-' || decision.ticket_no and event.version = decision.version;
alter table read.decision force row level security;

alter table read.decision alter column recorded_at set not null;
