-- What is wrong with a refused sheet, place by place: row, column, code and clause. None of what was read before.
alter table read.sheet add column found jsonb;
