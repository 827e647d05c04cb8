-- What a question is about, which part failed, and which unit was found to be at fault.

alter table read.ticket
    add column topic           text,
    add column part            text,
    add column isolated_at     timestamptz,
    add column isolated_serial text,
    add column isolated_part   text;
