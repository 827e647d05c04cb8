-- Certificates of tax that customers withheld; each settles its invoice as a payment does.

create table read.withholding (
    provider       text        not null,
    invoice_no     text        not null,
    certificate_no text        not null,
    customer_id    text        not null,
    amount         bigint      not null,
    currency       text        not null,
    issued_on      date        not null,
    received_on    date        not null,
    recorded_at    timestamptz not null,
    version        bigint      not null,
    primary key (provider, invoice_no, certificate_no)
);

select read.protect('withholding');
