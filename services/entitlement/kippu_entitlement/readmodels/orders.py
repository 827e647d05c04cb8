"""Orders: placed, then refused or accepted, then paid, given back or lapsed. Each of these happens once, in this order;
one that was refused may be accepted after all, and parts of one may be given back before it is."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue.bookings import BookingAccepted
from kippu_events.catalogue.entitlement import (
    OrderAccepted,
    OrderLapsed,
    OrderPaid,
    OrderPartRefunded,
    OrderPlaced,
    OrderRefunded,
    OrderRefused,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_entitlement.readmodels.sets import json_of, last_by_key, of_type, write

Ordered = OrderPlaced | OrderAccepted | OrderRefused | OrderPaid | OrderPartRefunded | OrderRefunded | OrderLapsed

PLACED = """
    insert into read.ticket_order (provider, order_id, version, customer_id, plan_family, product, quantity,
                                   requested_on, quote_id, placed_at, asset_serial, renews, wanted_delivery_on,
                                   together, status)
    select provider, order_id, version, customer_id, plan_family, product, quantity, requested_on, quote_id, placed_at,
           asset_serial, renews, wanted_delivery_on, together::jsonb, 'placed'
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::date[],
                $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::date[], $14::text[])
        as placed (provider, order_id, version, customer_id, plan_family, product, quantity, requested_on, quote_id,
                   placed_at, asset_serial, renews, wanted_delivery_on, together)
"""
ACCEPTED = """
    update read.ticket_order as placed set
        status = 'accepted', version = accepted.version, plan_version = accepted.plan_version,
        tickets = accepted.tickets, price = accepted.price::jsonb,
        valid_from = accepted.valid_from, valid_until = accepted.valid_until, pay_by = accepted.pay_by,
        refundable_until = accepted.refundable_until, register_by = accepted.register_by,
        together = accepted.together::jsonb, clauses = '[]', reasons = '[]'
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::integer[], $6::text[], $7::date[], $8::date[],
                $9::date[], $10::date[], $11::date[], $12::text[])
        as accepted (provider, order_id, version, plan_version, tickets, price, valid_from, valid_until,
                     pay_by, refundable_until, register_by, together)
    where (placed.provider, placed.order_id) = (accepted.provider, accepted.order_id)
"""
REFUSED = """
    update read.ticket_order as placed set
        status = 'refused', version = refused.version,
        clauses = refused.clauses::jsonb, reasons = refused.reasons::jsonb
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])
        as refused (provider, order_id, version, clauses, reasons)
    where (placed.provider, placed.order_id) = (refused.provider, refused.order_id)
        and placed.version < refused.version
"""
PAID = """
    update read.ticket_order as placed set
        status = 'paid', version = paid.version, invoice_no = paid.invoice_no, paid_on = paid.paid_on
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::date[])
        as paid (provider, order_id, version, invoice_no, paid_on)
    where (placed.provider, placed.order_id) = (paid.provider, paid.order_id)
"""
REFUNDED = """
    update read.ticket_order as placed set
        status = 'refunded', version = refunded.version, refunded_on = refunded.refunded_on
    from unnest($1::text[], $2::text[], $3::bigint[], $4::date[])
        as refunded (provider, order_id, version, refunded_on)
    where (placed.provider, placed.order_id) = (refunded.provider, refunded.order_id)
"""
LAPSED = """
    update read.ticket_order as placed set status = 'lapsed', version = lapsed.version
    from unnest($1::text[], $2::text[], $3::bigint[]) as lapsed (provider, order_id, version)
    where (placed.provider, placed.order_id) = (lapsed.provider, lapsed.order_id)
"""
PART_REFUNDED = """
    insert into read.order_refund (provider, order_id, number, customer_id, refunded_on, reason, lines)
    select provider, order_id, number, customer_id, refunded_on, reason, lines::jsonb
    from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::date[], $6::text[], $7::text[])
        as part (provider, order_id, number, customer_id, refunded_on, reason, lines)
"""
VERSIONS = """
    update read.ticket_order as placed set version = greatest(placed.version, part.version)
    from unnest($1::text[], $2::text[], $3::bigint[]) as part (provider, order_id, version)
    where (placed.provider, placed.order_id) = (part.provider, part.order_id)
"""


class Orders(Projector):
    name = "orders"
    version = 3
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        OrderPlaced,
        OrderAccepted,
        OrderRefused,
        OrderPaid,
        OrderPartRefunded,
        OrderRefunded,
        OrderLapsed,
        BookingAccepted,
    )
    tables = ("ticket_order", "order_refund")

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        rows: list[tuple[Any, ...]]
        placed = of_type(batch, OrderPlaced)
        await write(connection, PLACED, [(*_key(envelope, event), *_placed(event)) for envelope, event in placed])
        accepted = of_type(batch, OrderAccepted)
        await write(connection, ACCEPTED, [(*_key(envelope, event), *_accepted(event)) for envelope, event in accepted])
        refused = of_type(batch, OrderRefused)
        rows = [(*_key(envelope, event), *_refused(event)) for envelope, event in refused]
        await write(connection, REFUSED, last_by_key(rows, 2))
        paid = of_type(batch, OrderPaid)
        rows = [(*_key(envelope, event), event.invoice_no, event.paid_on) for envelope, event in paid]
        await write(connection, PAID, rows)
        parts = of_type(batch, OrderPartRefunded)
        await write(connection, PART_REFUNDED, [_part(envelope, event) for envelope, event in parts])
        # Events of its stream that change nothing of the row; a booking that incidents pay has none.
        versions = [_key(*each) for each in parts]
        versions += [(at.provider, event.booking_id, at.version) for at, event in of_type(batch, BookingAccepted)]
        await write(connection, VERSIONS, last_by_key(sorted(versions), 2))
        lapsed = of_type(batch, OrderLapsed)
        await write(connection, LAPSED, [_key(*each) for each in lapsed])
        refunded = of_type(batch, OrderRefunded)
        await write(connection, REFUNDED, [(*_key(envelope, event), event.refunded_on) for envelope, event in refunded])


def _key(envelope: Envelope, event: Ordered) -> tuple[str, str, int]:
    return envelope.provider, event.order_id, envelope.version


def _part(envelope: Envelope, event: OrderPartRefunded) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.order_id,
        event.number,
        event.customer_id,
        event.refunded_on,
        event.reason,
        json_of(event.lines),
    )


def _placed(event: OrderPlaced) -> tuple[Any, ...]:
    return (
        event.customer_id,
        event.plan_family,
        event.product,
        event.quantity,
        event.requested_on,
        event.quote_id,
        event.occurred_at,
        event.asset_serial,
        event.renews,
        event.wanted_delivery_on,
        json_of(event.together),
    )


def _accepted(event: OrderAccepted) -> tuple[Any, ...]:
    return (
        event.plan_version,
        event.tickets,
        event.price.model_dump_json(),
        event.valid_from,
        event.valid_until,
        event.pay_by,
        event.refundable_until,
        event.register_by,
        json_of(event.together),
    )


def _refused(event: OrderRefused) -> tuple[str, str]:
    return orjson.dumps(event.clauses).decode(), orjson.dumps(event.reasons).decode()
