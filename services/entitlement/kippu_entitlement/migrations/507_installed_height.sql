-- At what height a unit is installed: some terms cover it only below one (SVT-24).

alter table read.asset add column height_cm integer;
