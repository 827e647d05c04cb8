"""Customers and their contacts, and the published plans."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.catalogue.entitlement import (
    CompetitorMarked,
    ContactAdded,
    ContactNamed,
    CustomerRegistered,
    PlanPublished,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry

from kippu_entitlement.readmodels.sets import last_by_key, of_type, write

CUSTOMERS = """
    insert into read.customer (provider, customer_id, version, name, language, country,
                               salesperson_id, salesperson_name, salesperson_mail, registered_at)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                         $7::text[], $8::text[], $9::text[], $10::timestamptz[])
"""
MOVED = """
    update read.customer as customer set version = moved.version
    from unnest($1::text[], $2::text[], $3::bigint[]) as moved (provider, customer_id, version)
    where (customer.provider, customer.customer_id) = (moved.provider, moved.customer_id)
"""
CONTACTS = """
    insert into read.contact (provider, contact_id, customer_id, name, mail, telephone, language)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
"""
PLANS = """
    insert into read.plan (provider, family, version, stream_version, effective_from, digest, source, published_at)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::date[], $6::text[], $7::text[],
                         $8::timestamptz[])
"""


class Customers(Projector):
    name = "customers"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        CustomerRegistered,
        CompetitorMarked,
        ContactNamed,
        ContactAdded,
    )
    tables = ("customer", "contact")

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        registered = of_type(batch, CustomerRegistered)
        added = of_type(batch, ContactAdded)
        await write(connection, CUSTOMERS, [_customer(envelope, event) for envelope, event in registered])
        moved = [
            (at.provider, at.event.customer_id, at.version)
            for at in batch
            if isinstance(at.event, CompetitorMarked | ContactNamed)
        ]
        await write(connection, MOVED, last_by_key(moved, 2))
        await write(connection, CONTACTS, [_contact(envelope, event) for envelope, event in added])


class PublishedPlans(Projector):
    name = "plans"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (PlanPublished,)
    tables = ("plan",)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        await write(connection, PLANS, [_plan(envelope, event) for envelope, event in of_type(batch, PlanPublished)])


def _customer(envelope: Envelope, event: CustomerRegistered) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.customer_id,
        envelope.version,
        carry(envelope, "name"),
        event.language,
        event.country,
        event.salesperson_id,
        carry(envelope, "salesperson_name"),
        carry(envelope, "salesperson_mail"),
        event.occurred_at,
    )


def _contact(envelope: Envelope, event: ContactAdded) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.contact_id,
        event.customer_id,
        carry(envelope, "name"),
        carry(envelope, "mail"),
        carry(envelope, "telephone"),
        event.language,
    )


def _plan(envelope: Envelope, event: PlanPublished) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.family,
        event.version,
        envelope.version,
        event.effective_from,
        event.digest,
        event.source,
        event.occurred_at,
    )
