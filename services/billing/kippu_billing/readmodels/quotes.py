"""The quotes as a table."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.billing import QuoteAccepted, QuoteLapsed, QuoteOffered, QuoteWithdrawn
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


class Quotes(Projector):
    name = "quotes"
    logs = ("billing",)
    subscribes = (QuoteOffered, QuoteAccepted, QuoteLapsed, QuoteWithdrawn)
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
