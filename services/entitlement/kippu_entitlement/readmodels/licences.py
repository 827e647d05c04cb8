"""Licences, and the hashes that their holders are recognised by."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.licences import (
    IncidentMemberIssued,
    LicenceRenewed,
    LicenceSold,
    MemberIdIssued,
    MemberIdVoided,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_entitlement.readmodels.sets import last_by_key, of_type, write

LICENCES = """
    insert into read.licence (provider, licence_id, customer_id, plan_family, plan_version, quantity, price_paid,
                              full_on, maintained_until, ends_at, version)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[],
                         $8::date[], $9::date[], $10::timestamptz[], $11::bigint[])
    on conflict (provider, licence_id) do update set
        plan_version = excluded.plan_version, quantity = excluded.quantity, price_paid = excluded.price_paid,
        full_on = excluded.full_on, maintained_until = excluded.maintained_until, ends_at = excluded.ends_at,
        version = excluded.version
"""
MEMBERS = """
    insert into read.member (provider, hash, kind, customer_id, licence_id, issued_at, ends_at, clause)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                         $7::timestamptz[], $8::text[])
"""
VOIDED = """
    update read.member set voided_at = voided.at
    from unnest($1::text[], $2::text[], $3::timestamptz[]) as voided (provider, hash, at)
    where (member.provider, member.hash) = (voided.provider, voided.hash)
"""


class Licences(Projector):
    name = "licences"
    logs = ("entitlement",)
    subscribes = (LicenceSold, LicenceRenewed, MemberIdIssued, MemberIdVoided, IncidentMemberIssued)
    tables = ("licence", "member")

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        maintained = [_licence(at, at.event) for at in batch if isinstance(at.event, LicenceSold | LicenceRenewed)]
        await write(connection, LICENCES, last_by_key(maintained, 2))
        members = [_member(at, at.event) for at in batch if isinstance(at.event, MemberIdIssued | IncidentMemberIssued)]
        await write(connection, MEMBERS, members)
        voided = [
            (at.provider, event.member_id_hash, event.occurred_at) for at, event in of_type(batch, MemberIdVoided)
        ]
        await write(connection, VOIDED, voided)


def _licence(envelope: Envelope, event: LicenceSold | LicenceRenewed) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.licence_id,
        event.customer_id,
        event.plan_family,
        event.plan_version,
        event.quantity,
        event.price_paid,
        event.full_on,
        event.maintained_until,
        event.ends_at,
        envelope.version,
    )


def _member(envelope: Envelope, event: MemberIdIssued | IncidentMemberIssued) -> tuple[Any, ...]:
    if isinstance(event, MemberIdIssued):
        kind, known_by, ends_at = "licence", event.member_id_hash, event.ends_at
    else:
        kind, known_by, ends_at = "incidents", event.number_hash, None
    holder = (event.customer_id, event.licence_id, event.occurred_at)
    return (envelope.provider, known_by, kind, *holder, ends_at, event.clause)
