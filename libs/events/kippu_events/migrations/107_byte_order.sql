-- Names of streams and ids of commands are compared byte by byte: cheaper than by a locale's rules, and an index over
-- them stays right when a newer C library sorts otherwise (a command id that its index no longer finds would have its
-- effect twice). The indexes over them are built again; appends wait for it.
alter table log.event alter column stream type text collate "C";
alter table log.command alter column command_id type text collate "C";
alter table log.saved_state alter column stream type text collate "C";
