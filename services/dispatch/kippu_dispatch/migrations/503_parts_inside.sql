-- Where only a part inside a unit is exchanged: the unit stays, and the part alone is due back.

alter table read.shipment add column inside boolean not null default false;
alter table read.due_back add column part text;
