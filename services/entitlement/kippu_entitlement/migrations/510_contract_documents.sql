-- What was issued about a contract: what each document states. Its PDF is set from that when it is asked for.

create table read.contract_document (
    provider text not null,
    document_id text not null,
    contract_id text not null,
    customer_id text not null,
    kind text not null,
    clause text not null,
    language text not null,
    content jsonb not null,
    issued_at timestamptz not null,
    primary key (provider, document_id)
);
create index contract_document_by_contract on read.contract_document (provider, contract_id, document_id);
select read.protect('contract_document');
