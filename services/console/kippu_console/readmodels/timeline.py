"""What happened, in all services: the material of every history that a page tells."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event, catalogue

from kippu_console.readmodels.rows import write

CONCERNS = {
    "ticket_no",
    "wallet_id",
    "order_id",
    "invoice_no",
    "quote_id",
    "contract_id",
    "licence_id",
    "booking_id",
}
"""An event that names one of these is told on a page."""


def _field(event: Event, name: str) -> Any:
    return getattr(event, name, None)


class Timeline(Projector):
    """Every event that concerns one of CONCERNS, as it stands in its log."""

    name = "timeline"
    version = 2
    logs = ("intake", "entitlement", "dispatch", "billing")
    tables = ("timeline",)
    subscribes: ClassVar[tuple[type[Event], ...]] = tuple(
        event for event in catalogue().values() if CONCERNS & set(event.model_fields)
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        await write(connection, TIMELINE, [self._row(envelope) for envelope in batch])

    @staticmethod
    def _row(envelope: Envelope) -> tuple[Any, ...]:
        event = envelope.event
        return (
            envelope.provider,
            _field(event, "customer_id"),
            envelope.log,
            envelope.position,
            envelope.stream,
            envelope.version,
            envelope.id,
            envelope.type,
            event.occurred_at,
            envelope.recorded_at,
            envelope.metadata.actor,
            envelope.metadata.correlation_id,
            envelope.metadata.causation_id,
            _field(event, "ticket_no"),
            _field(event, "wallet_id"),
            _field(event, "order_id"),
            envelope.data.decode(),
        )


TIMELINE = """
insert into read.timeline (provider, customer_id, log, position, stream, version, event_id, type, occurred_at,
    recorded_at, actor, correlation_id, causation_id, ticket_no, wallet_id, order_id, data)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::uuid[],
    $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[],
    $15::text[], $16::text[], $17::jsonb[])
"""
