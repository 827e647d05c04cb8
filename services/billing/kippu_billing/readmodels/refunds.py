"""What customers get back, as a table: due until somebody says that it was paid."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.billing import RefundDue, RefundPaid
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_billing.readmodels.writing import of_type, write

REFUNDS = """
select * from read.refund
 where ($1::text is null or status = $1)
   and ($2::timestamptz is null or (due_since, refund_id) > ($2, $3))
 order by due_since, refund_id
 limit $4
"""

OF_INVOICE = "select * from read.refund where invoice_no = $1 order by due_since, length(refund_id), refund_id"

_DUE = """
insert into read.refund (provider, refund_id, invoice_no, customer_id, order_id, amount, currency, cause, reason,
                         credit_note_no, payment_id, due_since, version)
select *
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::bigint[])
"""

_PAID = """
update read.refund
   set paid_on = paid.paid_on, reference = paid.reference, version = paid.version
  from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::bigint[])
       as paid (provider, refund_id, paid_on, reference, version)
 where (refund.provider, refund.refund_id) = (paid.provider, paid.refund_id)
"""


class Refunds(Projector):
    name = "refunds"
    version = 2
    logs = ("billing",)
    subscribes = (RefundDue, RefundPaid)
    tables = ("refund",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        await write(connection, _DUE, [_due(*each) for each in of_type(batch, RefundDue)])
        paid = [
            (at.provider, event.refund_id, event.paid_on, event.reference, at.version)
            for at, event in of_type(batch, RefundPaid)
        ]
        await write(connection, _PAID, paid)


def _due(at: Envelope, event: RefundDue) -> tuple[Any, ...]:
    return (
        at.provider,
        event.refund_id,
        event.invoice_no,
        event.customer_id,
        event.order_id,
        event.amount,
        event.currency,
        event.cause,
        event.reason,
        event.credit_note_no,
        event.payment_id,
        event.occurred_at,
        at.version,
    )
