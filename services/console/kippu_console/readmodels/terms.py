"""What pages need of the published terms: the provider's time zone, names of products, texts of clauses, values."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any

import orjson
from asyncpg import Connection
from kippu_events.catalogue import entitlement
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_terms.loading import load
from kippu_terms.plan import Plan

from kippu_console.readmodels.rows import write


class Terms(Projector):
    """One row a version of a family's terms, and the time zone, which all of a provider's share."""

    name = "terms"
    logs = ("entitlement",)
    tables = ("provider", "terms", "product")
    subscribes = (entitlement.PlanPublished,)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        zones: dict[str, str] = {}
        versions: dict[tuple[str, str, str], tuple[str, str, str | None]] = {}
        products: dict[tuple[str, str, str], str] = {}
        for envelope in batch:
            event: Any = envelope.event
            plan = load(event.source)
            zones[envelope.provider] = plan.time_zone
            versions[envelope.provider, event.family, event.version] = _version(plan)
            for product in plan.commercial.products:
                name = orjson.dumps(product.name).decode()
                products[envelope.provider, event.family, product.id] = name
        await write(connection, PROVIDER, sorted(zones.items()))
        await write(connection, TERMS, [(*key, *versions[key]) for key in sorted(versions)])
        await write(connection, PRODUCT, [(*key, products[key]) for key in sorted(products)])


def _version(plan: Plan) -> tuple[str, str, str | None]:
    """The currency, the clauses by id, and how licences lose their value."""
    clauses = orjson.dumps(plan.clauses).decode()
    value = plan.licences.value.model_dump_json() if plan.licences else None
    return plan.commercial.currency, clauses, value


PROVIDER = """
insert into read.provider (provider, time_zone) select * from unnest($1::text[], $2::text[])
on conflict (provider) do nothing
"""
TERMS = """
insert into read.terms (provider, plan_family, plan_version, currency, clauses, value_loss)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[])
on conflict (provider, plan_family, plan_version) do nothing
"""
# A product keeps the name that it was given last; its family's versions are of one stream.
PRODUCT = """
insert into read.product (provider, plan_family, product, name)
select * from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])
on conflict (provider, plan_family, product) do update set name = excluded.name
"""
