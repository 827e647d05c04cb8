"""Dispatch with a visit and a shipment for each thing that the dispatcher may say about one, and some to be read."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import kippu_dispatch
from fastapi import FastAPI
from kippu_dispatch.app import build
from kippu_dispatch.testing import coverage
from kippu_events.catalogue.bookings import BookingAccepted, BookingTerms, ToPrepare
from kippu_events.catalogue.entitlement import CoverageDecided, VisitNeed
from kippu_events.catalogue.fulfilment import Destination, ReturnTerms, ShipmentNeed
from kippu_events.catalogue.intake import RequestDetailsRecorded
from kippu_events.catalogue.values import RequestDetails
from kippu_events.log.memory import MemoryLog
from kippu_privacy import Plain
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller
from kippu_service.testing.hearing import catch_up, tell
from kippu_service.testing.tenancy import House

from houses.common import NOON, PRICE

REASON = "the engineer is on the island"
ACTIONS = ("postpone", "book", "decline", "complete", "assign")
ENGINEER = "Engineer Seventy-Seven"
ALWAYS = {
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "starts": "00:00",
    "ends": "00:00",
    "on_holidays": True,
}
AN_HOUR_AGO = (NOON - timedelta(hours=1)).isoformat()
DEFECTIVE, WRONG, CARRIER = "DEFECTIVE-77", "WRONG-77", "carrier-reference-77"
BEFORE: Mapping[str, tuple[str, ...]] = {
    "reserve": (),
    "shipped": ("reserve",),
    "failed": ("reserve", "shipped"),
    "delivered": ("reserve", "shipped"),
    "repair-received": (),
    "repair-completed": ("repair-received",),
    "received": ("reserve", "shipped", "delivered"),
}
"""By report: what has to be said about a shipment before it."""
BOOKED = ("points", "answers", "preparations", "complete", "cancel")
POINT = "which of the seventeen servers"
OVER = NOON - timedelta(hours=2)


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    heard = {name: MemoryLog(name) for name in ("entitlement", "intake", "billing")}
    for number, action in enumerate(("read", *ACTIONS)):
        decided = _decided(f"KP-7777-000{number}", over=action == "complete")
        await tell(runtime, heard["entitlement"], f"case-iij-{decided.ticket_no}", decided)
    await catch_up(service, runtime, heard)
    async with Caller(app) as dispatcher:
        (await dispatcher.put("/v1/capacity", json=_roster("engineer-77", ENGINEER))).raise_for_status()
        for number, days in ((0, 9), (1 + ACTIONS.index("assign"), 8)):
            later = {"to_at": (NOON + timedelta(days=days)).isoformat(), "reason": REASON}
            (await dispatcher.post(f"/v1/visits/KP-7777-000{number}.V1/postpone", json=later)).raise_for_status()
        shipments = await _ship(service, runtime, heard, dispatcher)
        bookings = await _book(service, runtime, heard, dispatcher)
    await catch_up(service, runtime, heard)
    own = {
        f"POST /v1/visits/{{visit_id}}/{action}:visit_id": f"KP-7777-000{number}.V1"
        for number, action in enumerate(ACTIONS, start=1)
    }
    return {"visit_id": "KP-7777-0000.V1", **own, **shipments, **bookings}


def _roster(engineer_id: str, name: str) -> dict[str, Any]:
    engineer = {"engineer_id": engineer_id, "name": name, "weekly": [ALWAYS]}
    return {"time_zone": "Asia/Bangkok", "country": "TH", "engineers": [engineer]}


async def _ship(
    service: Service, runtime: Runtime, heard: Mapping[str, MemoryLog], dispatcher: Caller
) -> dict[str, str]:
    """Each shipment is brought to where the report that is tried on it can be made."""
    tickets = {report: f"KP-7777-001{number}" for number, report in enumerate(("read", *BEFORE))}
    for report, ticket_no in tickets.items():
        need = _need(f"{DEFECTIVE}-{ticket_no}", f"{ticket_no}.P1", repaired_first=report.startswith("repair"))
        decided = _decided(ticket_no, over=False).model_copy(update={"visit": None, "shipment": need})
        await tell(runtime, heard["entitlement"], f"case-iij-{ticket_no}", decided)
    await tell(runtime, heard["intake"], f"ticket-iij-{tickets['read']}", _named(tickets["read"]))
    await catch_up(service, runtime, heard)
    await _say(dispatcher, "/v1/units", {"serial": "SPARE-77", "model": "nas-4"})
    for report, before in (("read", ("reserve", "shipped", "delivered")), *BEFORE.items()):
        for said in before:
            if said == "reserve":
                await _say(dispatcher, "/v1/units", {"serial": f"SPARE-{report}".upper(), "model": "nas-4"})
            body = _body(said, f"SPARE-{report}".upper(), f"{DEFECTIVE}-{tickets[report]}")
            await _say(dispatcher, f"/v1/shipments/{tickets[report]}.S1/{said}", body)
    wrong = {"serial": WRONG, "received_on": NOON.date().isoformat()}
    await _say(dispatcher, f"/v1/returns/{tickets['read']}.S1/received", wrong)
    routes = {report: f"POST /v1/shipments/{{shipment_id}}/{report}:shipment_id" for report in BEFORE}
    routes["received"] = "POST /v1/returns/{shipment_id}/received:shipment_id"
    own = {routes[report]: f"{tickets[report]}.S1" for report in BEFORE}
    return {"shipment_id": f"{tickets['read']}.S1", **own}


async def _book(service: Service, runtime: Runtime, heard: Mapping[str, MemoryLog], engineer: Caller) -> dict[str, str]:
    """One for each thing that may be said about a booking; the work of one is over."""
    ids = {said: f"O-777{number}" for number, said in enumerate(("read", *BOOKED))}
    for said, booking_id in ids.items():
        booked = _booked(booking_id, over=said == "complete")
        await tell(runtime, heard["entitlement"], f"order-iij-{booking_id}", booked)
    await catch_up(service, runtime, heard)
    for said in ("read", "answers"):
        await _say(engineer, f"/v1/bookings/{ids[said]}/points", {"points": [POINT]})
    own = {f"POST /v1/bookings/{{booking_id}}/{said}:booking_id": ids[said] for said in BOOKED}
    return {"booking_id": ids["read"], **own}


def _booked(booking_id: str, *, over: bool) -> BookingAccepted:
    item = ToPrepare(item="server_installed", clause="CWC-19", name={"en": "The server is installed"})
    return BookingAccepted(
        occurred_at=NOON - timedelta(days=1),
        booking_id=booking_id,
        customer_id="customer-1",
        contact_id="contact-1",
        product="ssl-setup",
        name={"en": "Setting up SSL"},
        starts_at=OVER if over else NOON + timedelta(days=9),
        minutes=60,
        paid_by="incidents",
        terms=BookingTerms(
            clause="CWC-16",
            points_clause="CWC-17",
            points_by=(NOON + timedelta(days=7)).date(),
            points_due_at=NOON + timedelta(days=8),
            to_prepare=() if over else (item,),
        ),
        time_zone="Asia/Tokyo",
        plan_family="cwc",
        plan_version="2026-01-01",
    )


async def _say(dispatcher: Caller, path: str, body: Mapping[str, Any]) -> None:
    answer = await dispatcher.post(path, json=body)
    assert answer.is_success, f"{path}: {answer.text}"


def _body(said: str, serial: str, defective: str) -> dict[str, str]:
    return {
        "reserve": {"serial": serial},
        "shipped": {"shipped_at": AN_HOUR_AGO, "carrier_reference": CARRIER},
        "delivered": {"delivered_at": AN_HOUR_AGO},
        "repair-received": {"serial": defective, "received_on": NOON.date().isoformat()},
    }[said]


def _named(ticket_no: str) -> RequestDetailsRecorded:
    return RequestDetailsRecorded(
        occurred_at=NOON - timedelta(hours=3),
        ticket_no=ticket_no,
        customer_id="customer-1",
        details=RequestDetails(ship_to="named_place", place_id=f"{ticket_no}.P1"),
        recorded_by="desk-1",
        ship_to_address=Plain("contact-iij-contact-1", "77 Example Street"),
    )


def _need(serial: str, place_id: str, *, repaired_first: bool) -> ShipmentNeed:
    returns = ReturnTerms(clause="QNP-01", days=14, remind_days_before=3, overdue_charge=PRICE, late_return="credited")
    return ShipmentNeed(
        mode="after_repair" if repaired_first else "advance",
        clause="QNP-01",
        serial=serial,
        model="nas-4",
        returns=None if repaired_first else returns,
        destination=Destination(kind="named_place", place_id=place_id),
        time_zone="Asia/Tokyo",
    )


def _decided(ticket_no: str, *, over: bool) -> CoverageDecided:
    need = VisitNeed(
        wanted_at=OVER if over else NOON + timedelta(days=3), minutes=60, held=not over, notice_days=3, clause="IIJ-09"
    )
    return coverage(ticket_no, occurred_at=NOON - timedelta(days=1), visit=need)


DISPATCH = House(
    log="dispatch",
    migrations=Path(kippu_dispatch.__file__).parent / "migrations",
    build=build,
    fill=fill,
    bodies={
        "POST /v1/visits/{visit_id}/book": {"starts_at": (NOON + timedelta(days=4)).isoformat(), "minutes": 90},
        "POST /v1/visits/{visit_id}/postpone": {"to_at": (NOON + timedelta(days=10)).isoformat(), "reason": "later"},
        "POST /v1/visits/{visit_id}/decline": {"reason": "nobody"},
        "POST /v1/visits/{visit_id}/assign": {"engineer_id": "engineer-77"},
        "PUT /v1/capacity": _roster("engineer-78", "Engineer Two"),
        "POST /v1/visits/{visit_id}/complete": {"completed_at": (NOON - timedelta(hours=1)).isoformat()},
        "POST /v1/bookings/{booking_id}/points": {"points": ["which server"]},
        "POST /v1/bookings/{booking_id}/answers": {"answers": ["the blue one"]},
        "POST /v1/bookings/{booking_id}/preparations": {"item": "server_installed", "met": True},
        "POST /v1/bookings/{booking_id}/complete": {"completed_at": AN_HOUR_AGO},
        "POST /v1/bookings/{booking_id}/cancel": {"reason": "the server is gone"},
        "POST /v1/units": {"serial": "SPARE-78", "model": "nas-4"},
        "POST /v1/shipments/{shipment_id}/reserve": {"serial": "SPARE-77"},
        "POST /v1/shipments/{shipment_id}/shipped": {"shipped_at": AN_HOUR_AGO},
        "POST /v1/shipments/{shipment_id}/failed": {"failed_at": AN_HOUR_AGO, "reason": "nobody there"},
        "POST /v1/shipments/{shipment_id}/delivered": {"delivered_at": AN_HOUR_AGO},
        "POST /v1/shipments/{shipment_id}/repair-received": {
            "serial": f"{DEFECTIVE}-KP-7777-0015",
            "received_on": NOON.date().isoformat(),
        },
        "POST /v1/shipments/{shipment_id}/repair-completed": {"completed_on": NOON.date().isoformat()},
        "POST /v1/returns/{shipment_id}/received": {
            "serial": f"{DEFECTIVE}-KP-7777-0017",
            "received_on": NOON.date().isoformat(),
        },
    },
    secrets=[REASON, ENGINEER, POINT, "client-1", "IIJ-09", CARRIER, "SPARE-READ", "WRONG-77"],
)
