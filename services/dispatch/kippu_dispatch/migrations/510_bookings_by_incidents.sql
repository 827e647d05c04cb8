-- A booking may be for a request, and what pays for it may be incidents.

alter table read.booking
    add column ticket_no text,
    add column incidents integer not null default 0;
