-- What the engineer put in the place of what failed.

alter table read.visit
    add column replacement text;
