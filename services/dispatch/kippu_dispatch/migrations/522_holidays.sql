-- Whose public holidays a roster knows, and their version when it was set.

alter table read.capacity
    add column country text,
    add column calendar_version text;
