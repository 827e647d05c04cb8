-- Read models of the desk, the small service that the suites of bus and consumers run.

-- Counters, so that an event applied twice shows; and a trail, so that two in the wrong order do.
create table read.work_total (
    provider  text    not null,
    ticket_no text    not null,
    minutes   bigint  not null,
    entries   bigint  not null,
    trail     text    not null,
    primary key (provider, ticket_no)
);
select read.protect('work_total');
