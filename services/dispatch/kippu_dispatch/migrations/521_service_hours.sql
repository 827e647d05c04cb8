-- When the service of a visit is given, where it is not always: free times are proposed within it.

alter table read.visit add column service_hours jsonb;
