"""HTTP: the shipments, and what the dispatcher reports about them."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.catalogue.fulfilment import Destination, Target
from kippu_events.event import Event
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Line, Page, PageOf, Query, command, not_found, paged, query
from kippu_terms.facts import Day, Instant
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from kippu_dispatch.api.returns import DueBack, Mismatch
from kippu_dispatch.api.serials import OurSerial, Serial
from kippu_dispatch.api.shown import parsed
from kippu_dispatch.domain import planning, reports
from kippu_dispatch.domain.availability import is_late
from kippu_dispatch.domain.shipment import OPEN, Shipment, Shipments, Status, ticket_of
from kippu_dispatch.readmodels import places
from kippu_dispatch.readmodels import returns as returns_readmodels
from kippu_dispatch.readmodels import shipments as readmodels
from kippu_dispatch.recording import record as record_with_units
from kippu_dispatch.streams import shipments_of, unit_of

router = APIRouter(prefix="/v1/shipments", tags=["shipments"])

Dispatcher = Annotated[Command, command("shipments:write", staff=True)]
Reader = Annotated[Query, query("shipments:read")]
Packer = Annotated[Query, query("shipments:read", staff=True)]
"""An address is for the provider's own people. Others see whether it goes to the named place or the registered site."""


class ShipmentShown(BaseModel):
    """One shipment. Instants in UTC, days in `time_zone`."""

    model_config = ConfigDict(frozen=True)

    shipment_id: str
    ticket_no: str
    customer_id: str
    status: Status
    mode: Literal["advance", "after_repair"]
    clause: str
    defective_serial: str
    model: str
    part: str | None
    inside: bool
    """Whether only the part inside the defective unit is exchanged, and the unit stays."""
    time_zone: str
    planned_at: datetime
    target: Target | None
    """With its clock: which stretches counted, which did not, and why."""
    target_met: bool | None
    """None until it is known, and for a target that only says from when on."""
    serial: str | None
    """The unit that goes to the customer."""
    attempt: int
    carrier_reference: str | None
    first_shipped_at: datetime | None
    shipped_at: datetime | None
    failed_at: datetime | None
    reason: str | None
    """Why the last delivery failed, or why it was withdrawn."""
    repair_received_on: date | None
    repair_completed_on: date | None
    delivered_at: datetime | None
    received_on: date | None
    unreported: bool
    """Whether nobody has said for days what became of the last attempt."""
    destination: Destination | None
    """None for what was planned before places were known here."""
    named_too_late: bool
    """Whether another place was named once it had left: it goes, or went, where it was sent."""

    @classmethod
    def of(cls, row: Any) -> "ShipmentShown":
        target = Target.model_validate_json(row["target"]) if row["target"] else None
        return cls.model_validate(
            {
                **row,
                "target": target,
                "destination": parsed(row["destination"]),
                "target_met": _met(row, target),
                "serial": None if row["status"] == Status.WITHDRAWN else row["serial"],
                "carrier_reference": row["carrier_reference"] or None,
                "unreported": row["status"] == Status.SHIPPED and row["unreported_attempt"] == row["attempt"],
            }
        )


def _met(row: Any, target: Target | None) -> bool | None:
    reached: datetime | None = row["delivered_at"] if target and target.kind == "arrive" else row["first_shipped_at"]
    if target is None or reached is None or target.bound == "from":
        return None
    # A day ends where the shipment's terms are at home.
    return not is_late(target.model_copy(update={"time_zone": row["time_zone"]}), reached)


class ShipmentInFull(ShipmentShown):
    due_back: DueBack | None
    mismatches: tuple[Mismatch, ...]


class Addressed(BaseModel):
    """Where a shipment goes. `address` is None where no site is registered, or once it was erased."""

    shipment_id: str
    kind: Literal["registered_site", "named_place"]
    clause: str | None
    address: str | None


class Reported(BaseModel):
    """What the report came to."""

    shipment_id: str
    status: Status
    serial: str | None
    attempt: int
    due_on: date | None
    """The day by which the defective unit is due back, once the shipment is delivered."""


class Reservation(Input):
    serial: Serial


class Shipping(Input):
    shipped_at: Instant
    carrier_reference: Line | None = None


class Failure(Input):
    failed_at: Instant
    reason: Line


class Delivery(Input):
    delivered_at: Instant


class RepairReceipt(Input):
    serial: Serial
    received_on: Day


class RepairCompletion(Input):
    completed_on: Day
    serial: OurSerial | None = None
    """Where the maker gave another unit for it."""


@router.get("")
async def shipments(
    query: Reader,
    page: Annotated[Page, paged(next_at=datetime, shipment_id=str)],
    status: Annotated[list[Status] | None, QueryParameter(description="Those still open, where left out.")] = None,
    ticket_no: Annotated[str | None, QueryParameter(max_length=64)] = None,
) -> PageOf[ShipmentShown]:
    """The next target first."""
    rows = await query.fetch(readmodels.PAGE, status or list(OPEN), ticket_no, *page.after, page.fetch_limit)
    return page.of(rows, ShipmentShown.of)


@router.get("/{shipment_id}", response_model=ShipmentInFull)
async def shipment(query: Reader, shipment_id: Identifier) -> Response:
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(readmodels.ONE, shipment_id)
        due_back = await snapshot.fetchrow(returns_readmodels.ONE, shipment_id)
        mismatches = await snapshot.fetch(returns_readmodels.MISMATCHES, shipment_id)
    if row is None:
        raise not_found()
    shown = ShipmentInFull(
        **dict(ShipmentShown.of(row)),
        due_back=DueBack.of(due_back) if due_back else None,
        mismatches=tuple(Mismatch.model_validate(dict(each)) for each in mismatches),
    )
    return query.answer(shown, version=row["version"])


@router.get("/{shipment_id}/address", response_model=Addressed)
async def address(query: Packer, shipment_id: Identifier) -> Response:
    """Where it goes, in the clear, for who packs it; once it was shipped, as it was then (SVT-20)."""
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(readmodels.ONE, shipment_id)
        if row is None:
            raise not_found()
        to = Destination.model_validate(parsed(row["destination"]) or {"kind": "registered_site"})
        at = row["shipped_at"] or query.runtime.clock.now()
        found = await snapshot.fetchrow(places.ADDRESS, to.kind, to.place_id, to.contract_id, at)
    (plain,) = await query.runtime.vault.open_carried([found["address"] if found else None])
    shown = Addressed(shipment_id=shipment_id, kind=to.kind, clause=to.clause, address=plain)
    return query.answer(shown)


@router.post("/{shipment_id}/reserve", response_model=Reported)
async def reserve(command: Dispatcher, shipment_id: Identifier, body: Reservation) -> Response:
    async def record(work: Work) -> dict[str, Any]:
        stream = await shipments_of(work, command.provider, ticket_of(shipment_id))
        unit = await unit_of(work, command.provider, body.serial)
        command.expect(stream)
        before = stream.state.get(shipment_id)
        allotted, reserved = reports.reserve(stream.state, shipment_id, unit.state, body.serial, work.now)
        if before is not None and before.serial is not None:
            given_back = await unit_of(work, command.provider, before.serial)
            work.record(given_back, planning.release(before, before.serial, work.now))
        work.record(unit, reserved)
        return _reported(work.record(stream, allotted).find(shipment_id))

    return await command.run(body, record, status=200)


@router.post("/{shipment_id}/shipped", response_model=Reported)
async def shipped(command: Dispatcher, shipment_id: Identifier, body: Shipping) -> Response:
    return await _report(
        command,
        shipment_id,
        body,
        lambda state, now: [reports.ship(state, shipment_id, body.shipped_at, body.carrier_reference, now)],
    )


@router.post("/{shipment_id}/failed", response_model=Reported)
async def failed(command: Dispatcher, shipment_id: Identifier, body: Failure) -> Response:
    return await _report(
        command,
        shipment_id,
        body,
        lambda state, now: planning.after_failure(
            state, reports.fail(state, shipment_id, body.failed_at, body.reason, now)
        ),
    )


@router.post("/{shipment_id}/delivered", response_model=Reported)
async def delivered(command: Dispatcher, shipment_id: Identifier, body: Delivery) -> Response:
    return await _report(
        command, shipment_id, body, lambda state, now: reports.deliver(state, shipment_id, body.delivered_at, now)
    )


@router.post("/{shipment_id}/repair-received", response_model=Reported)
async def repair_received(command: Dispatcher, shipment_id: Identifier, body: RepairReceipt) -> Response:
    return await _report(
        command,
        shipment_id,
        body,
        lambda state, now: [reports.receive_for_repair(state, shipment_id, body.serial, body.received_on, now)],
    )


@router.post("/{shipment_id}/repair-completed", response_model=Reported)
async def repair_completed(command: Dispatcher, shipment_id: Identifier, body: RepairCompletion) -> Response:
    return await _report(
        command,
        shipment_id,
        body,
        lambda state, now: [reports.complete_repair(state, shipment_id, body.serial, body.completed_on, now)],
    )


async def _report(
    command: Command, shipment_id: str, body: Input, decide: Callable[[Shipments, datetime], list[Event]]
) -> Response:
    async def record(work: Work) -> dict[str, Any]:
        stream = await shipments_of(work, command.provider, ticket_of(shipment_id))
        command.expect(stream)
        return _reported((await record_with_units(work, stream, decide(stream.state, work.now))).find(shipment_id))

    return await command.run(body, record, status=200)


def _reported(shipment: Shipment) -> dict[str, Any]:
    return {
        "shipment_id": shipment.shipment_id,
        "status": shipment.status,
        "serial": shipment.serial,
        "attempt": shipment.attempt,
        "due_on": shipment.due_back.due_on.isoformat() if shipment.due_back else None,
    }
