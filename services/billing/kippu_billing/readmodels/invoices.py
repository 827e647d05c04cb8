"""The invoices as a table, with their payments, certificates of withheld tax, and credit notes."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.billing import (
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    PaymentOverdue,
    PaymentReceived,
    TaxWithheld,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_billing.readmodels.writing import as_json, of_type, write

INVOICES = """
select * from read.invoice
 where ($1::text is null or status = $1)
   and ($2::date is null or (issued_on, invoice_no) < ($2, $3))
 order by issued_on desc, invoice_no desc
 limit $4
"""

INVOICE = "select * from read.invoice where invoice_no = $1"

PAYMENTS = "select * from read.payment where invoice_no = $1 order by version"

CREDIT_NOTES_OF = "select * from read.credit_note where invoice_no = $1 order by length(credit_note_no), credit_note_no"

WITHHELD = "select * from read.withholding where invoice_no = $1 order by version"

CREDIT_NOTES = """
select * from read.credit_note
 where ($1::date is null or (issued_on, credit_note_no) < ($1, $2))
 order by issued_on desc, credit_note_no desc
 limit $3
"""

_ISSUED = """
insert into read.invoice (provider, invoice_no, customer_id, order_id, issued_on, due_on, currency, net, total,
                          outstanding, tax_name, taxes, lines, charge_id, version)
select provider, invoice_no, customer_id, order_id, issued_on, due_on, currency, net, total,
       total, tax_name, taxes::jsonb, lines::jsonb, charge_id, version
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[], $8::bigint[],
              $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[])
       as new (provider, invoice_no, customer_id, order_id, issued_on, due_on, currency, net, total, tax_name, taxes,
               lines, charge_id, version)
"""

_RECEIVED = """
insert into read.payment (provider, invoice_no, payment_id, customer_id, amount, currency, received_on, recorded_at,
                          version)
select *
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::date[], $8::timestamptz[],
              $9::bigint[])
"""

_WITHHELD = """
insert into read.withholding (provider, invoice_no, certificate_no, customer_id, amount, currency, issued_on,
                              received_on, recorded_at, version)
select *
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::date[], $8::date[],
              $9::timestamptz[], $10::bigint[])
"""

# What is owed only ever falls, and versions only rise: the least and the greatest are the latest.
_OUTSTANDING = """
update read.invoice
   set outstanding = least(invoice.outstanding, paid.outstanding), version = greatest(invoice.version, paid.version)
  from (select provider, invoice_no, min(outstanding) as outstanding, max(version) as version
          from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
               as paid (provider, invoice_no, outstanding, version)
         group by provider, invoice_no) as paid
 where (invoice.provider, invoice.invoice_no) = (paid.provider, paid.invoice_no)
"""

_OVERDUE = """
update read.invoice
   set overdue_since = late.since, version = greatest(invoice.version, late.version)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[]) as late (provider, invoice_no, since, version)
 where (invoice.provider, invoice.invoice_no) = (late.provider, late.invoice_no)
"""

_PAID = """
update read.invoice
   set paid_on = paid.paid_on, version = greatest(invoice.version, paid.version)
  from unnest($1::text[], $2::text[], $3::date[], $4::bigint[]) as paid (provider, invoice_no, paid_on, version)
 where (invoice.provider, invoice.invoice_no) = (paid.provider, paid.invoice_no)
"""

_CREDITED = """
with note as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::bigint[],
                         $8::bigint[], $9::text[], $10::bigint[], $11::text[], $12::bigint[], $13::text[],
                         $14::bigint[], $15::boolean[], $16::bigint[])
        as note (provider, credit_note_no, invoice_no, customer_id, issued_on, currency, net, total, taxes, paid_back,
                 reason, withheld, lines, outstanding, part, version)
), noted as (
    insert into read.credit_note (provider, credit_note_no, invoice_no, customer_id, issued_on, currency, net, total,
                                  taxes, paid_back, reason, withheld, lines)
    select provider, credit_note_no, invoice_no, customer_id, issued_on, currency, net, total,
           taxes::jsonb, paid_back, reason, withheld, lines::jsonb
      from note
), taken as (
    select provider, invoice_no, sum(total) as total, min(outstanding) as outstanding, max(version) as version,
           max(issued_on) filter (where not part) as credited_on
      from note group by provider, invoice_no
)
update read.invoice
   set credited_on = coalesce(taken.credited_on, invoice.credited_on), credited = invoice.credited + taken.total,
       outstanding = least(invoice.outstanding, taken.outstanding), version = greatest(invoice.version, taken.version)
  from taken
 where (invoice.provider, invoice.invoice_no) = (taken.provider, taken.invoice_no)
"""


class Invoices(Projector):
    name = "invoices"
    version = 4
    logs = ("billing",)
    subscribes = (InvoiceIssued, PaymentReceived, TaxWithheld, PaymentOverdue, InvoicePaid, CreditNoteIssued)
    tables = ("invoice", "payment", "withholding", "credit_note")

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        await write(connection, _ISSUED, [_invoice(*each) for each in of_type(batch, InvoiceIssued)])
        received, withheld = list(of_type(batch, PaymentReceived)), list(of_type(batch, TaxWithheld))
        await write(connection, _RECEIVED, [_payment(*each) for each in received])
        await write(connection, _WITHHELD, [_withheld(*each) for each in withheld])
        await write(
            connection,
            _OUTSTANDING,
            [
                *[(at.provider, event.invoice_no, event.outstanding, at.version) for at, event in received],
                *[(at.provider, event.invoice_no, event.outstanding, at.version) for at, event in withheld],
            ],
        )
        await write(
            connection,
            _OVERDUE,
            [
                (at.provider, event.invoice_no, event.occurred_at, at.version)
                for at, event in of_type(batch, PaymentOverdue)
            ],
        )
        await write(
            connection,
            _PAID,
            [(at.provider, event.invoice_no, event.paid_on, at.version) for at, event in of_type(batch, InvoicePaid)],
        )
        await write(connection, _CREDITED, [_credit_note(*each) for each in of_type(batch, CreditNoteIssued)])


def _invoice(at: Envelope, event: InvoiceIssued) -> tuple[Any, ...]:
    return (
        at.provider,
        event.invoice_no,
        event.customer_id,
        event.order_id,
        event.issued_on,
        event.due_on,
        event.currency,
        event.net,
        event.total,
        event.price.tax_name,
        as_json(event.taxes),
        as_json(event.price.lines),
        event.charge_id,
        at.version,
    )


def _payment(at: Envelope, event: PaymentReceived) -> tuple[Any, ...]:
    return (
        at.provider,
        event.invoice_no,
        event.payment_id,
        event.customer_id,
        event.amount,
        event.currency,
        event.received_on,
        event.occurred_at,
        at.version,
    )


def _withheld(at: Envelope, event: TaxWithheld) -> tuple[Any, ...]:
    return (
        at.provider,
        event.invoice_no,
        event.certificate_no,
        event.customer_id,
        event.amount,
        event.currency,
        event.issued_on,
        event.received_on,
        event.occurred_at,
        at.version,
    )


def _credit_note(at: Envelope, event: CreditNoteIssued) -> tuple[Any, ...]:
    return (
        at.provider,
        event.credit_note_no,
        event.invoice_no,
        event.customer_id,
        event.issued_on,
        event.currency,
        event.net,
        event.total,
        as_json(event.taxes),
        event.paid_back,
        event.reason,
        event.withheld,
        as_json(event.lines),
        event.outstanding,
        event.part,
        at.version,
    )
