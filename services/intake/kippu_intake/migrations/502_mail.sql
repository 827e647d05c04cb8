-- The inbox of mails that opened and joined no ticket, for an operator to turn into one.

create table read.unmatched_mail (
    provider    text        not null,
    mail_id     text        not null,
    reason      text        not null,
    received_at timestamptz not null,
    language    text        not null,
    -- Sealed both.
    sender      text        not null,
    subject     text        not null,
    -- The sender's, where they are known. No `customer_id`: the inbox is the provider's own.
    contact_id  text,
    -- Under which key the body is encrypted, and its digest; null if there is none.
    sealed_for  text        not null,
    body        text,
    -- Null until somebody turned it into a ticket.
    ticket_no   text,
    version     bigint      not null,
    primary key (provider, mail_id)
);

create index unmatched_mail_by_receipt on read.unmatched_mail (provider, received_at, mail_id);

select read.protect('unmatched_mail');
