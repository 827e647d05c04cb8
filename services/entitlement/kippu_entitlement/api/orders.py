"""Orders of prepaid tickets: accepted by the plan at its price, or refused with the clause."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter
from kippu_events.catalogue.values import Price
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Query, command, not_found, query
from pydantic import BaseModel, Field
from starlette.responses import Response

from kippu_entitlement import folds, terms
from kippu_entitlement.api.references import require_customer, require_plan, unknown_plan
from kippu_entitlement.domain import order, streams

router = APIRouter(tags=["orders"])


class OrderInput(Input):
    customer_id: Identifier
    plan_family: Identifier
    product: Identifier
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1


class OrderRef(BaseModel):
    """`valid_from` and `valid_until` are null where the lot's term runs from the payment."""

    order_id: str
    customer_id: str
    status: Literal["accepted"]
    plan_version: str
    tickets: int
    price: Price
    valid_from: date | None
    valid_until: date | None


class OrderShown(BaseModel):
    order_id: str
    customer_id: str
    status: Literal["placed", "accepted", "refused", "paid"]
    plan_family: str
    plan_version: str | None
    product: str
    quantity: int
    requested_on: date
    placed_at: datetime
    quote_id: str | None
    tickets: int | None
    price: Price | None
    valid_from: date | None
    valid_until: date | None
    clauses: list[str]
    reasons: list[str]
    invoice_no: str | None
    paid_on: date | None


@router.post("/v1/orders", status_code=201, response_model=OrderRef)
async def place(body: OrderInput, command: Annotated[Command, command("orders:write")]) -> Response:
    """Orders prepaid tickets under the terms in force today. They are credited once the invoice is paid."""

    async def decide(work: Work) -> dict[str, Any]:
        command.principal.require_customer(body.customer_id)
        buyer = await require_customer(work, command.provider, body.customer_id)
        published = await require_plan(work, command.provider, body.plan_family)
        try:
            plan = terms.in_force(published, body.plan_family, work.now)
        except terms.NoTerms as error:
            raise unknown_plan(str(error)) from None
        wanted = order.Place(
            order_id=f"O-{work.ids.code(8)}",
            customer_id=body.customer_id,
            plan_family=body.plan_family,
            product=body.product,
            quantity=body.quantity,
            requested_on=plan.calendar.local_date(work.now),
        )
        agreed = order.terms_of(plan, wanted, buyer.language)
        name = streams.order(command.provider, wanted.order_id)
        stream = await work.load(folds.ORDER, command.provider, name)
        command.expect(stream)
        work.record(stream, *order.accept(wanted, agreed, work.now))
        accepted = OrderRef(
            order_id=wanted.order_id,
            customer_id=body.customer_id,
            status="accepted",
            plan_version=agreed.plan_version,
            tickets=agreed.tickets,
            price=agreed.price,
            valid_from=agreed.valid_from,
            valid_until=agreed.valid_until,
        )
        return accepted.model_dump(mode="json")

    return await command.run(body, decide, location="/v1/orders/{order_id}")


@router.get("/v1/orders/{order_id}", response_model=OrderShown)
async def show(order_id: Identifier, query: Annotated[Query, query("orders:read")]) -> Response:
    found = await query.fetchrow("select * from read.ticket_order where order_id = $1", order_id)
    if found is None:
        raise not_found()
    parsed = {name: orjson.loads(found[name]) for name in ("price", "clauses", "reasons") if found[name] is not None}
    return query.answer(OrderShown(**{**found, **parsed}), version=found["version"])
