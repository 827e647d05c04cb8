-- Why it is due back, as one of a few causes; the reason says it of the case.
alter table read.refund add column cause text;
