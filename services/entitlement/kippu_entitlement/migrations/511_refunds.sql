-- Orders that were given back.

alter table read.ticket_order add column refunded_on date;
