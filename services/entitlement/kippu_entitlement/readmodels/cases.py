"""Decisions on requests, every one of them, the approvals that they wait for, and how requests ended."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue.entitlement import (
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRequested,
    CoverageDecided,
    RequestClosed,
    RequestDeclined,
    RequestReopened,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_entitlement.readmodels.sets import json_of, last_by_key, of_type, write

DECISIONS = """
    insert into read.decision (provider, ticket_no, decision, customer_id, contact_id, version, plan_family,
                               plan_version, outcome, metered, quantity, waiting_for, deciding_clause,
                               findings, remedies, facts, visit, decided_at, service, way, contract_id, counts_from,
                               shipment, targets, failed_part, carriage_paid_by, replies, recorded_at)
    select provider, ticket_no, decision, customer_id, contact_id, version, plan_family,
           plan_version, outcome, metered, quantity, waiting_for, deciding_clause,
           findings::jsonb, remedies::jsonb, facts::jsonb, visit::jsonb, decided_at, service, way, contract_id,
           counts_from, shipment::jsonb, targets::jsonb, failed_part, carriage_paid_by, replies::jsonb, recorded_at
    from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
                $9::text[], $10::boolean[], $11::integer[], $12::text[], $13::text[], $14::text[], $15::text[],
                $16::text[], $17::text[], $18::timestamptz[], $19::text[], $20::text[], $21::text[],
                $22::timestamptz[], $23::text[], $24::text[], $25::text[], $26::text[], $27::text[],
                $28::timestamptz[])
        as decided (provider, ticket_no, decision, customer_id, contact_id, version, plan_family,
                    plan_version, outcome, metered, quantity, waiting_for, deciding_clause,
                    findings, remedies, facts, visit, decided_at, service, way, contract_id, counts_from,
                    shipment, targets, failed_part, carriage_paid_by, replies, recorded_at)
"""
REQUESTED = """
    insert into read.approval (provider, approval_id, ticket_no, decision, customer_id, version, clause, status,
                               requested_at)
    select provider, approval_id, ticket_no, decision, customer_id, version, clause, 'open', requested_at
    from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::bigint[], $7::text[],
                $8::timestamptz[])
        as asked (provider, approval_id, ticket_no, decision, customer_id, version, clause, requested_at)
"""
ANSWERED = """
    update read.approval as asked set
        status = answer.status, version = answer.version, answered_at = answer.answered_at,
        answered_by = answer.answered_by
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[])
        as answer (provider, approval_id, version, status, answered_at, answered_by)
    where (asked.provider, asked.approval_id) = (answer.provider, answer.approval_id)
"""
SUPERSEDED = """
    update read.approval as asked set status = 'superseded'
    from unnest($1::text[], $2::text[], $3::bigint[]) as later (provider, ticket_no, version)
    where (asked.provider, asked.ticket_no) = (later.provider, later.ticket_no)
        and asked.status = 'open' and asked.version < later.version
"""


ENDS = """
    insert into read.request_end (provider, ticket_no, version, customer_id, status, declined_by, clause, reason,
                                  waiting_for, happened_at, recorded_at)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[])
"""


class Cases(Projector):
    name = "cases"
    version = 2
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        CoverageDecided,
        ApprovalRequested,
        ApprovalGranted,
        ApprovalRefused,
        RequestDeclined,
        RequestClosed,
        RequestReopened,
    )
    tables = ("decision", "approval", "request_end")

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        decided = of_type(batch, CoverageDecided)
        await write(connection, DECISIONS, [_decision(envelope, event) for envelope, event in decided])
        asked = of_type(batch, ApprovalRequested)
        await write(connection, REQUESTED, [_requested(envelope, event) for envelope, event in asked])
        answers = [_answer(envelope) for envelope in batch if isinstance(envelope.event, Answer)]
        await write(connection, ANSWERED, answers)
        # An answered approval is open no more, so whether the answer or the next decision is written first is the same.
        versions = [_settled(envelope, event) for envelope, event in decided]
        ends = [(envelope, envelope.event) for envelope in batch if isinstance(envelope.event, End)]
        versions += [_settled(envelope, event) for envelope, event in ends]
        await write(connection, SUPERSEDED, last_by_key(sorted(versions), 2))
        await write(connection, ENDS, [_end(envelope, event) for envelope, event in ends])


End = RequestDeclined | RequestClosed | RequestReopened
STATUS: dict[type[Event], str] = {
    RequestDeclined: "declined",
    RequestClosed: "closed",
    RequestReopened: "reopened",
}


def _end(envelope: Envelope, event: End) -> tuple[Any, ...]:
    said = (getattr(event, name, None) for name in ("declined_by", "clause", "reason", "waiting_for"))
    about = (envelope.provider, event.ticket_no, envelope.version, event.customer_id, STATUS[type(event)])
    return *about, *said, event.occurred_at, envelope.recorded_at


Answer = ApprovalGranted | ApprovalRefused


def _decision(envelope: Envelope, event: CoverageDecided) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.ticket_no,
        event.decision,
        event.customer_id,
        event.contact_id,
        envelope.version,
        event.plan_family,
        event.plan_version,
        event.outcome,
        event.metered,
        event.quantity,
        event.waiting_for,
        event.deciding_clause,
        json_of(event.findings),
        json_of(event.remedies),
        orjson.dumps(event.facts).decode(),
        event.visit.model_dump_json() if event.visit else None,
        event.occurred_at,
        event.service,
        event.way,
        event.contract_id,
        event.counts_from,
        event.shipment.model_dump_json() if event.shipment else None,
        json_of(event.targets),
        event.failed_part,
        event.carriage_paid_by,
        json_of(event.replies),
        envelope.recorded_at,
    )


def _requested(envelope: Envelope, event: ApprovalRequested) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.approval_id,
        event.ticket_no,
        int(event.approval_id.rpartition(".A")[2]),
        event.customer_id,
        envelope.version,
        event.clause,
        event.occurred_at,
    )


def _settled(envelope: Envelope, event: CoverageDecided | End) -> tuple[str, str, int]:
    """Up to which version of the case's stream nothing is waited for any more."""
    return envelope.provider, event.ticket_no, envelope.version


def _answer(envelope: Envelope) -> tuple[Any, ...]:
    match envelope.event:
        case ApprovalGranted() as event:
            status, by = "granted", event.granted_by
        case ApprovalRefused() as event:
            status, by = "refused", event.refused_by
        case other:
            raise TypeError(f"{other.type} is no answer")
    return envelope.provider, event.approval_id, envelope.version, status, event.occurred_at, by
