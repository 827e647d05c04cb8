-- Sheets of registrations that came by mail, and what came of each: the first columns are fed by the mail's stream, those
-- from `status` on by the sheet's.
create table read.sheet (
    provider text not null,
    sheet_id text not null,
    customer_id text not null,
    mail_id text,
    contact_id text,
    clause text,
    mailed_at timestamptz,
    -- The event that handed it over: what was registered by it names that as its cause.
    event_id text,
    -- Sealed.
    subject text,
    file_name text,
    status text,
    read_at timestamptz,
    registered integer,
    already_registered integer,
    faults integer,
    codes text[],
    -- Sealed: a line a fault, in the contact's language.
    report text,
    primary key (provider, sheet_id)
);
create index sheet_by_turn on read.sheet (provider, mailed_at desc, sheet_id desc);
create index sheet_of_customer on read.sheet (provider, customer_id, read_at) where status = 'imported';
create index sheet_by_event on read.sheet (provider, event_id);
create index sheet_refused on read.sheet (provider) where status = 'refused';
select read.protect('sheet');

-- What a sheet registered.
create index timeline_registered on read.timeline (provider, causation_id)
    where type = 'kippu.entitlement.ContractRegistered.v1';

-- What a refund is for, and in its history.
alter table read.refund add column order_id text, add column credit_note_no text, add column payment_id text;
create index refund_by_turn on read.refund (provider, (status <> 'due'), due_since, refund_id);
