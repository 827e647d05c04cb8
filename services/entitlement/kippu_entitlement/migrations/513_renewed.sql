-- Which contract renews another, once that is sold.

alter table read.contract add column renewed_by text;
