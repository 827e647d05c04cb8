-- What pages need of each version of the published terms. Fed by the plan's stream alone.
create table read.terms (
    provider text not null,
    plan_family text not null,
    plan_version text not null,
    currency text not null,
    -- The texts of the clauses by language, by clause id.
    clauses jsonb not null,
    -- How licences lose their value, where the terms sell any.
    value_loss jsonb,
    primary key (provider, plan_family, plan_version)
);
select read.protect('terms');

create table read.product (
    provider text not null,
    plan_family text not null,
    product text not null,
    -- By language.
    name jsonb not null,
    primary key (provider, plan_family, product)
);
select read.protect('product');
