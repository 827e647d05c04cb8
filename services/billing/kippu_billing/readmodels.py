"""Invoices, payments and quotes as tables. Each column is fed by one type of event, so any order gives the same."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue.billing import (
    InvoiceIssued,
    InvoicePaid,
    PaymentOverdue,
    PaymentReceived,
    QuoteAccepted,
    QuoteLapsed,
    QuoteOffered,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event, Value

AnEvent = TypeVar("AnEvent", bound=Event)

INVOICES = """
select * from read.invoice
 where ($1::text is null or status = $1)
   and ($2::date is null or (issued_on, invoice_no) < ($2, $3))
 order by issued_on desc, invoice_no desc
 limit $4
"""

INVOICE = "select * from read.invoice where invoice_no = $1"

PAYMENTS = "select * from read.payment where invoice_no = $1 order by version"

QUOTES = """
select * from read.quote
 where ($1::text is null or status = $1)
   and ($2::timestamptz is null or (offered_at, quote_id) < ($2, $3))
 order by offered_at desc, quote_id desc
 limit $4
"""

QUOTE = "select * from read.quote where quote_id = $1"

_ISSUED = """
insert into read.invoice (provider, invoice_no, customer_id, order_id, issued_on, due_on, currency, net, total,
                          outstanding, tax_name, taxes, lines, version)
select provider, invoice_no, customer_id, order_id, issued_on, due_on, currency, net, total,
       total, tax_name, taxes::jsonb, lines::jsonb, version
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[], $8::bigint[],
              $9::bigint[], $10::text[], $11::text[], $12::text[], $13::bigint[])
       as new (provider, invoice_no, customer_id, order_id, issued_on, due_on, currency, net, total, tax_name, taxes,
               lines, version)
"""

_RECEIVED = """
insert into read.payment (provider, invoice_no, payment_id, customer_id, amount, currency, received_on, recorded_at,
                          version)
select *
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::date[], $8::timestamptz[],
              $9::bigint[])
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

_OFFERED = """
insert into read.quote (provider, quote_id, customer_id, ticket_no, plan_family, product, quantity, currency, net,
                        total, tax_name, taxes, lines, offered_at, valid_until, reason, clause, version)
select provider, quote_id, customer_id, ticket_no, plan_family, product, quantity, currency, net, total,
       tax_name, taxes::jsonb, lines::jsonb, offered_at, valid_until, reason, clause, version
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::text[],
              $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::date[],
              $16::text[], $17::text[], $18::bigint[])
       as new (provider, quote_id, customer_id, ticket_no, plan_family, product, quantity, currency, net, total,
               tax_name, taxes, lines, offered_at, valid_until, reason, clause, version)
"""

_ACCEPTED = """
update read.quote
   set accepted_at = said.at, accepted_by = said.by, version = greatest(quote.version, said.version)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[])
       as said (provider, quote_id, at, by, version)
 where (quote.provider, quote.quote_id) = (said.provider, said.quote_id)
"""

_LAPSED = """
update read.quote
   set lapsed_at = lapsed.at, version = greatest(quote.version, lapsed.version)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[]) as lapsed (provider, quote_id, at, version)
 where (quote.provider, quote.quote_id) = (lapsed.provider, lapsed.quote_id)
"""


class Invoices(Projector):
    name = "invoices"
    logs = ("billing",)
    subscribes = (InvoiceIssued, PaymentReceived, PaymentOverdue, InvoicePaid)
    tables = ("invoice", "payment")

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        await _write(connection, _ISSUED, [_invoice(*each) for each in _of(batch, InvoiceIssued)])
        received = list(_of(batch, PaymentReceived))
        await _write(connection, _RECEIVED, [_payment(*each) for each in received])
        await _write(
            connection,
            _OUTSTANDING,
            [(at.provider, event.invoice_no, event.outstanding, at.version) for at, event in received],
        )
        await _write(
            connection,
            _OVERDUE,
            [
                (at.provider, event.invoice_no, event.occurred_at, at.version)
                for at, event in _of(batch, PaymentOverdue)
            ],
        )
        await _write(
            connection,
            _PAID,
            [(at.provider, event.invoice_no, event.paid_on, at.version) for at, event in _of(batch, InvoicePaid)],
        )


class Quotes(Projector):
    name = "quotes"
    logs = ("billing",)
    subscribes = (QuoteOffered, QuoteAccepted, QuoteLapsed)
    tables = ("quote",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        await _write(connection, _OFFERED, [_quote(*each) for each in _of(batch, QuoteOffered)])
        await _write(
            connection,
            _ACCEPTED,
            [
                (at.provider, event.quote_id, event.occurred_at, event.accepted_by, at.version)
                for at, event in _of(batch, QuoteAccepted)
            ],
        )
        await _write(
            connection,
            _LAPSED,
            [(at.provider, event.quote_id, event.occurred_at, at.version) for at, event in _of(batch, QuoteLapsed)],
        )


def _of(batch: Sequence[Envelope], event_class: type[AnEvent]) -> Iterator[tuple[Envelope, AnEvent]]:
    for envelope in batch:
        event = envelope.event
        if isinstance(event, event_class):
            yield envelope, event


async def _write(connection: "Connection[Any]", statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for all rows: an array for each column."""
    if rows:
        await connection.execute(statement, *zip(*rows, strict=True))


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
        _json(event.taxes),
        _json(event.price.lines),
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


def _quote(at: Envelope, event: QuoteOffered) -> tuple[Any, ...]:
    return (
        at.provider,
        event.quote_id,
        event.customer_id,
        event.ticket_no,
        event.plan_family,
        event.product,
        event.quantity,
        event.price.currency,
        event.net,
        event.total,
        event.price.tax_name,
        _json(event.taxes),
        _json(event.price.lines),
        event.occurred_at,
        event.valid_until,
        event.reason,
        event.clause,
        at.version,
    )


def _json(values: Iterable[Value]) -> str:
    return orjson.dumps([value.model_dump(mode="json") for value in values]).decode()
