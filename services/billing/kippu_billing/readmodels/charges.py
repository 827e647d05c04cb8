"""The charges as a table. Whether one is paid stands with its invoice."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.billing import ChargeRaised, ChargeWithdrawn
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_billing.readmodels.writing import as_json, of_type, write

CHARGES = """
select charge.*, invoice.invoice_no,
       case when charge.withdrawn_at is not null then 'withdrawn' else coalesce(invoice.status, 'open') end as status
  from read.charge
  left join read.invoice on invoice.charge_id = charge.charge_id
 where ($1::text is null
        or case when charge.withdrawn_at is not null then 'withdrawn' else coalesce(invoice.status, 'open') end = $1)
   and ($2::timestamptz is null or (raised_at, charge.charge_id) < ($2, $3))
 order by raised_at desc, charge.charge_id desc
 limit $4
"""

_RAISED = """
insert into read.charge (provider, charge_id, customer_id, ticket_no, shipment_id, clause, reason, currency, net, total,
                         tax_name, taxes, lines, raised_at)
select provider, charge_id, customer_id, ticket_no, shipment_id, clause, reason, currency, net, total,
       tax_name, taxes::jsonb, lines::jsonb, raised_at
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::timestamptz[])
       as new (provider, charge_id, customer_id, ticket_no, shipment_id, clause, reason, currency, net, total, tax_name,
               taxes, lines, raised_at)
"""

_WITHDRAWN = """
update read.charge
   set withdrawn_at = said.at, withdrawn_reason = said.reason
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) as said (provider, charge_id, at, reason)
 where (charge.provider, charge.charge_id) = (said.provider, said.charge_id)
"""


class Charges(Projector):
    name = "charges"
    logs = ("billing",)
    subscribes = (ChargeRaised, ChargeWithdrawn)
    tables = ("charge",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        await write(connection, _RAISED, [_charge(*each) for each in of_type(batch, ChargeRaised)])
        await write(
            connection,
            _WITHDRAWN,
            [
                (at.provider, event.charge_id, event.occurred_at, event.reason)
                for at, event in of_type(batch, ChargeWithdrawn)
            ],
        )


def _charge(at: Envelope, event: ChargeRaised) -> tuple[Any, ...]:
    return (
        at.provider,
        event.charge_id,
        event.customer_id,
        event.ticket_no,
        event.shipment_id,
        event.clause,
        event.reason,
        event.price.currency,
        event.net,
        event.total,
        event.price.tax_name,
        as_json(event.taxes),
        as_json(event.price.lines),
        event.occurred_at,
    )
