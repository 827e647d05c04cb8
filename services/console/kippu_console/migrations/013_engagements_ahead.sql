-- What somebody is engaged for is asked of days around now, and visits that are over stay: found by their ends, those that
-- came before are not read. By their starts, all of them were.
drop index read.engagement_by_day;
create index engagement_by_end on read.engagement (provider, ends_at);
