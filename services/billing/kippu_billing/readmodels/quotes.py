"""The quotes as a table."""

from collections.abc import Sequence
from typing import Any

import orjson
from asyncpg import Connection
from kippu_events.catalogue.billing import (
    QuoteAccepted,
    QuoteLapsed,
    QuoteOffered,
    QuoteOrdered,
    QuoteRefused,
    QuoteUndone,
    QuoteWithdrawn,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_billing.readmodels.writing import as_json, of_type, write

QUOTES = """
select * from read.quote
 where ($1::text is null or status = $1)
   and ($2::timestamptz is null or (offered_at, quote_id) < ($2, $3))
 order by offered_at desc, quote_id desc
 limit $4
"""

QUOTE = "select * from read.quote where quote_id = $1"

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

_WITHDRAWN = """
update read.quote
   set withdrawn_at = said.at, version = greatest(quote.version, said.version)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[]) as said (provider, quote_id, at, version)
 where (quote.provider, quote.quote_id) = (said.provider, said.quote_id)
"""

_ORDERED = """
update read.quote
   set ordered_at = said.at, order_id = said.order_id, version = greatest(quote.version, said.version)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[])
       as said (provider, quote_id, at, order_id, version)
 where (quote.provider, quote.quote_id) = (said.provider, said.quote_id)
"""

_REFUSED = """
update read.quote
   set refused_at = said.at, order_id = said.order_id, refused_by = said.clauses::jsonb,
       refused_because = said.reasons::jsonb, version = greatest(quote.version, said.version)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[], $7::text[])
       as said (provider, quote_id, at, order_id, version, clauses, reasons)
 where (quote.provider, quote.quote_id) = (said.provider, said.quote_id)
"""

_UNDONE = """
update read.quote
   set undone_at = said.at, order_id = said.order_id, version = greatest(quote.version, said.version)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[])
       as said (provider, quote_id, at, order_id, version)
 where (quote.provider, quote.quote_id) = (said.provider, said.quote_id)
"""


class Quotes(Projector):
    name = "quotes"
    version = 2
    logs = ("billing",)
    subscribes = (
        QuoteOffered,
        QuoteAccepted,
        QuoteLapsed,
        QuoteWithdrawn,
        QuoteOrdered,
        QuoteRefused,
        QuoteUndone,
    )
    tables = ("quote",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        await write(connection, _OFFERED, [_quote(*each) for each in of_type(batch, QuoteOffered)])
        await write(
            connection,
            _ACCEPTED,
            [
                (at.provider, event.quote_id, event.occurred_at, event.accepted_by, at.version)
                for at, event in of_type(batch, QuoteAccepted)
            ],
        )
        await write(
            connection,
            _LAPSED,
            [(at.provider, event.quote_id, event.occurred_at, at.version) for at, event in of_type(batch, QuoteLapsed)],
        )
        await write(
            connection,
            _WITHDRAWN,
            [
                (at.provider, event.quote_id, event.occurred_at, at.version)
                for at, event in of_type(batch, QuoteWithdrawn)
            ],
        )
        # What became of what was accepted.
        await write(connection, _ORDERED, [_order(*each) for each in of_type(batch, QuoteOrdered)])
        refused = {(at.provider, event.quote_id): _refused(at, event) for at, event in of_type(batch, QuoteRefused)}
        await write(connection, _REFUSED, [*refused.values()])  # the last of each
        await write(connection, _UNDONE, [_order(*each) for each in of_type(batch, QuoteUndone)])


def _order(at: Envelope, event: QuoteOrdered | QuoteRefused | QuoteUndone) -> tuple[Any, ...]:
    return at.provider, event.quote_id, event.occurred_at, event.order_id, at.version


def _refused(at: Envelope, event: QuoteRefused) -> tuple[Any, ...]:
    return (*_order(at, event), orjson.dumps(event.clauses).decode(), orjson.dumps(event.reasons).decode())


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
        as_json(event.taxes),
        as_json(event.price.lines),
        event.occurred_at,
        event.valid_until,
        event.reason,
        event.clause,
        at.version,
    )
