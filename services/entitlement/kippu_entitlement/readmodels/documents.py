"""What was issued about contracts. A document that is issued anew takes its own place."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue.contracts import DocumentIssued
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_entitlement.readmodels.sets import last_by_key, of_type, write

ISSUED = """
    insert into read.contract_document (provider, document_id, contract_id, customer_id, kind, clause, language,
                                        content, issued_at)
    select provider, document_id, contract_id, customer_id, kind, clause, language, content::jsonb, issued_at
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::timestamptz[])
        as issued (provider, document_id, contract_id, customer_id, kind, clause, language, content, issued_at)
    on conflict (provider, document_id) do update set
        clause = excluded.clause, language = excluded.language, content = excluded.content,
        issued_at = excluded.issued_at
"""


class ContractDocuments(Projector):
    name = "contract-documents"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (DocumentIssued,)
    tables = ("contract_document",)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        rows = [_issued(envelope, event) for envelope, event in of_type(batch, DocumentIssued)]
        await write(connection, ISSUED, last_by_key(rows, 2))


def _issued(envelope: Envelope, event: DocumentIssued) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.document_id,
        event.contract_id,
        event.customer_id,
        event.kind,
        event.clause,
        event.language,
        orjson.dumps(event.content).decode(),
        event.occurred_at,
    )
