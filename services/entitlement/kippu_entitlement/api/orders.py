"""Orders: accepted by the plan at its price, or refused with every rule that they break; and asked about before."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter
from kippu_events.catalogue.entitlement import AcceptedLine, OrderLine, RefundedLine
from kippu_events.catalogue.values import Channel, Price
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Line, Query, command, not_found, query
from kippu_terms.facts import Instant
from kippu_terms.orders.facts import Day, Quantity, Reason
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused
from kippu_terms.stated import StatedDevice
from kippu_terms.value import Flag, Name
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from kippu_entitlement import folds, ordering, quotes, terms
from kippu_entitlement.api.decisions import PLANS
from kippu_entitlement.api.references import require_contact, require_customer, require_plan, unknown_plan
from kippu_entitlement.domain import asset, order, streams
from kippu_entitlement.domain.plan import Plans, PlanVersion
from kippu_entitlement.domain.refunding import Asked
from kippu_entitlement.order_preview import MAX_LINES, OrderPreviewInput, OrderPreviewShown, preview

router = APIRouter(tags=["orders"])

OPENED = ("price", "clauses", "reasons", "together")
"""Columns that hold JSON."""


class LineInput(Input):
    product: Name
    quantity: Quantity = 1


class OrderInput(Input):
    customer_id: Identifier
    plan_family: Identifier
    product: Name
    quantity: Quantity = 1
    together: Annotated[tuple[LineInput, ...], Field(max_length=MAX_LINES - 1)] = ()
    """Other lines of the same order: all of them are accepted, or none."""
    asset_serial: Line | None = None
    """The registered device that it is for. Full-width letters and digits are normalised."""
    device: StatedDevice | None = None
    """The device that it is for, where it is not in the register."""
    renews: Line | None = None
    """The contract that it renews, or asks to change."""
    wanted_delivery_on: Day | None = None
    contact_id: Identifier | None = None
    """The customer's contact who orders, and to whom what is bought is mailed."""
    channel: Channel = Channel.PORTAL
    """How the order came, where somebody enters it for the customer."""
    failed_at: Instant | None = None
    """When the device failed, if it did already."""
    reason: Reason | None = None
    """What it asks for beyond buying."""
    agreed: Flag = False
    """Of the provider's own people: that they agreed to what the terms leave to consultation."""


class OrderRef(BaseModel):
    """`valid_from` and `valid_until` are of the first line, and null where they follow from a day to come."""

    order_id: str
    customer_id: str
    status: Literal["accepted"]
    plan_version: str
    tickets: int
    price: Price
    valid_from: date | None
    valid_until: date | None
    pay_by: date | None
    refundable_until: date | None
    register_by: date | None
    contracts: list[str]
    """The contracts that came into being with it; those of a paid order come with the payment, where the plan says."""


class RefundInput(Input):
    """With neither contracts nor lines, all that is left of the order."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    contracts: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    """Those that are given back, of lines that sell contracts."""
    lines: Annotated[tuple[LineInput, ...], Field(max_length=MAX_LINES)] = ()
    """How many of other products, such as packs of prepaid tickets, of which none was used."""


class Refunded(BaseModel):
    order_id: str
    refunded_on: date
    lines: list[RefundedLine]
    """What was given back; options go with their contracts."""
    left: list[OrderLine]
    """What the order still has."""


class PartRefunded(BaseModel):
    number: int
    refunded_on: date
    reason: str
    lines: list[RefundedLine]


class OrderedAgain(BaseModel):
    order_id: str
    status: Literal["accepted"]


class OrderShown(BaseModel):
    order_id: str
    customer_id: str
    status: Literal["placed", "accepted", "refused", "paid", "refunded", "lapsed"]
    """`lapsed`: its invoice was taken back, as it was not paid in time or called off."""
    plan_family: str
    plan_version: str | None
    product: str
    quantity: int
    together: list[OrderLine | AcceptedLine]
    asset_serial: str | None
    renews: str | None
    wanted_delivery_on: date | None
    requested_on: date
    placed_at: datetime
    quote_id: str | None
    tickets: int | None
    price: Price | None
    valid_from: date | None
    valid_until: date | None
    pay_by: date | None
    refundable_until: date | None
    register_by: date | None
    clauses: list[str]
    reasons: list[str]
    invoice_no: str | None
    paid_on: date | None
    refunded_on: date | None
    """When the last of it was given back."""
    refunds: list[PartRefunded]
    """The parts that were given back before that."""
    left: list[OrderLine]
    """What of an accepted order is there still."""


@router.post("/v1/orders/preview", response_model=OrderPreviewShown)
async def preview_order(body: OrderPreviewInput, query: Annotated[Query, query("orders:read")]) -> Response:
    """What an order would come to, by the rules that decide the order itself. Changes nothing, and looks up nothing."""
    rows = await query.fetch(PLANS, body.plan_family)
    published = Plans(tuple(PlanVersion(**row) for row in rows))
    try:
        return query.answer(preview(published, query.provider, body))
    except terms.NoTerms as error:
        field = "plan_family" if body.plan_version is None or not published.exists else "plan_version"
        raise unknown_plan(str(error), field) from None


@router.post("/v1/orders", status_code=201, response_model=OrderRef)
async def place(body: OrderInput, command: Annotated[Command, command("orders:write")]) -> Response:
    """Orders under the terms in force today. Prepaid tickets are credited once the invoice is paid.

    An order that breaks a rule changes nothing: every broken rule is named at once, with its clause.
    """

    async def decide(work: Work) -> dict[str, Any]:
        command.principal.require_customer(body.customer_id)
        _require_said_well(body, work.now, is_staff=command.principal.is_staff)
        buyer = await require_customer(work, command.provider, body.customer_id)
        await require_contact(work, command.provider, body.customer_id, body.contact_id)
        published = await require_plan(work, command.provider, body.plan_family)
        try:
            plan = terms.in_force(published, body.plan_family, work.now)
        except terms.NoTerms as error:
            raise unknown_plan(str(error)) from None
        order_id, today = f"O-{work.ids.code(8)}", plan.calendar.local_date(work.now)
        stream = await work.load(folds.ORDER, command.provider, streams.order(command.provider, order_id))
        command.expect(stream)
        placed = await ordering.place(
            work, command.provider, plan, _wanted(body, order_id, today), _said(body), buyer.language
        )
        return _ref(body, order_id, placed).model_dump(mode="json")

    return await command.run(body, decide, location="/v1/orders/{order_id}")


def _require_said_well(body: OrderInput, now: datetime, *, is_staff: bool) -> None:
    failures = {"failed_at": body.failed_at, "device.failed_at": body.device.failed_at if body.device else None}
    faults = [
        Fault("in_future", "a failure that is still to come cannot be stated", field)
        for field, at in failures.items()
        if at is not None and at > now
    ]
    if body.agreed and not is_staff:
        faults.append(Fault("staff_only", "only the provider's own people agree to an order", "agreed"))
    if body.device is not None and body.asset_serial is not None:
        message = "what is known of a registered device is in the register"
        faults.append(Fault("device_is_registered", message, "device"))
    if faults:
        raise Refused(*faults)


def _wanted(body: OrderInput, order_id: str, today: date) -> order.Place:
    return order.Place(
        order_id=order_id,
        customer_id=body.customer_id,
        plan_family=body.plan_family,
        product=body.product,
        quantity=body.quantity,
        requested_on=today,
        together=tuple(OrderLine(**line.model_dump()) for line in body.together),
        asset_serial=asset.normalised(body.asset_serial) if body.asset_serial else None,
        renews=body.renews,
        wanted_delivery_on=body.wanted_delivery_on,
        contact_id=body.contact_id,
    )


def _said(body: OrderInput) -> ordering.Said:
    return ordering.Said(
        channel=body.channel,
        device=body.device,
        failed_at=body.failed_at,
        reason=body.reason,
        agreed=body.agreed,
    )


def _ref(body: OrderInput, order_id: str, placed: ordering.Placed) -> OrderRef:
    first = placed.terms.lines[0]
    return OrderRef(
        order_id=order_id,
        customer_id=body.customer_id,
        status="accepted",
        plan_version=placed.terms.plan_version,
        tickets=first.tickets,
        price=placed.terms.price,
        valid_from=first.valid_from,
        valid_until=first.valid_until,
        pay_by=placed.terms.pay_by,
        refundable_until=first.refundable_until,
        register_by=first.register_by,
        contracts=[each.contract_id for each in placed.contracts],
    )


@router.post("/v1/orders/{order_id}/refund", status_code=201, response_model=Refunded)
async def refund(
    order_id: Identifier, body: RefundInput, command: Annotated[Command, command("orders:write")]
) -> Response:
    """Gives an order back, or some of its contracts, as long as the terms that it was sold under allow it for each.

    That much of its invoice is taken back by a credit note, and what was paid for it is due back.
    """

    async def decide(work: Work) -> dict[str, Any]:
        bought = await work.load(folds.ORDER, command.provider, streams.order(command.provider, order_id))
        if not bought.state.exists:
            raise not_found()
        command.principal.require_customer(bought.state.customer_id)
        command.expect(bought)
        published = (await terms.plans(work, command.provider, bought.state.plan_family)).state
        asked = Asked(body.contracts, tuple((line.product, line.quantity) for line in body.lines))
        back = await ordering.give_back(work, bought, _pinned(published, bought.state), asked, body.reason)
        await quotes.undone(work, bought)
        state = bought.state
        left = [] if state.status == "refunded" else [state.left(place) for place in range(1, len(state.lines) + 1)]
        ref = Refunded(
            order_id=order_id,
            refunded_on=back.on,
            lines=list(back.lines),
            left=_left([line.product for line in state.lines], left),
        )
        return ref.model_dump(mode="json")

    return await command.run(body, decide, location="/v1/orders/{order_id}")


@router.post("/v1/orders/{order_id}/again", response_model=OrderedAgain)
async def place_again(
    order_id: Identifier, command: Annotated[Command, command("orders:write", staff=True)]
) -> Response:
    """The order of an accepted quote, which the terms refused: placed once more, now that what they named is settled.

    Refused again, every broken rule is named with its clause, and these are what it is refused by from now on.
    """

    async def decide(work: Work) -> dict[str, Any]:
        bought = await work.load(folds.ORDER, command.provider, streams.order(command.provider, order_id))
        if not bought.state.exists:
            raise not_found()
        command.expect(bought)
        said: dict[str, Any] = {}
        try:
            await quotes.order_again(work, bought)
        except Refused as refused:
            if refused.kind != "invalid":  # it is not to be placed again at all
                raise
            await quotes.refused_again(work, bought, refused)
            said = {"faults": [asdict(each) for each in refused.faults]}
        return {"order_id": order_id, "status": bought.state.status, **said}

    answer = await command.run(b"", decide, status=200)
    faults = orjson.loads(answer.body).get("faults")
    if faults:  # on record with the key, which answers the same when it is repeated
        raise Refused(*(Fault(**each) for each in faults))
    return answer


def _pinned(published: Plans, bought: order.Order) -> Plan:
    """The version that it was sold under; a refused order names none, and is refused whatever the terms are."""
    if bought.plan_version:
        return terms.pinned(published, bought.plan_family, bought.plan_version)
    raise Refused(Fault("order.not_accepted", "the order was not accepted", "order_id"), kind="conflict")


@router.get("/v1/orders/{order_id}", response_model=OrderShown)
async def show(order_id: Identifier, query: Annotated[Query, query("orders:read")]) -> Response:
    async with query.snapshot() as snapshot:
        found = await snapshot.fetchrow("select * from read.ticket_order where order_id = $1", order_id)
        parts = await snapshot.fetch("select * from read.order_refund where order_id = $1 order by number", order_id)
    if found is None:
        raise not_found()
    parsed = {name: orjson.loads(found[name]) for name in OPENED if found[name] is not None}
    refunds = [PartRefunded(**{**part, "lines": orjson.loads(part["lines"])}) for part in parts]
    lines = [OrderLine(product=found["product"], quantity=found["quantity"])]
    lines += [OrderLine(product=each["product"], quantity=each["quantity"]) for each in parsed["together"]]
    shown = {**found, **parsed, "refunds": refunds, "left": _still(found["status"], lines, refunds)}
    return query.answer(OrderShown(**shown), version=found["version"])


def _still(status: str, lines: list[OrderLine], refunds: list[PartRefunded]) -> list[OrderLine]:
    if status not in ("accepted", "paid"):
        return []
    left = [line.quantity for line in lines]
    for part in (each for refund in refunds for each in refund.lines):
        left[part.line - 1] -= part.quantity
    return _left([line.product for line in lines], left)


def _left(products: list[str], quantities: list[int]) -> list[OrderLine]:
    """Nothing is named of which nothing is left."""
    lines = zip(products, quantities, strict=False)
    return [OrderLine(product=product, quantity=quantity) for product, quantity in lines if quantity]
