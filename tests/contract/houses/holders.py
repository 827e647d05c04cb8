"""Licences, incidents and booked services in the system's history: bought, renewed, booked, void, blocked and done."""

from datetime import timedelta
from typing import Any, Protocol

from houses.common import LICENCE_PLAN_TEXT, NOON

CUSTOMER = {"customer_id": "customer-1", "plan_family": "cwc", "contact_id": "contact-1"}
APPOINTMENT = NOON + timedelta(days=40)
ITEMS = ("server_installed", "certificate_ready")


class Desk(Protocol):
    """A provider's people, at all services."""

    system: Any
    provider: str

    async def post(self, service: str, path: str, body: Any = None) -> dict[str, Any]: ...
    async def get(self, service: str, path: str) -> dict[str, Any]: ...


async def buy(desk: Desk) -> None:
    """Licences with incidents, and a renewal far ahead."""
    source = LICENCE_PLAN_TEXT.replace('provider = "iij"', f'provider = "{desk.provider}"')
    await desk.post("entitlement", "/v1/plans", {"source": source.replace('"Asia/Tokyo"', '"Asia/Bangkok"')})
    lines = [{"product": "annual-maintenance"}, {"product": "incidents-5"}]
    for order in ({"product": "licence", "together": lines}, {"product": "maintenance-renewal"}):
        placed = await desk.post("entitlement", "/v1/orders", CUSTOMER | order)
        await desk.system.settle()
        await _pay(desk, placed["order_id"])
        await desk.system.settle()


async def book(desk: Desk) -> dict[str, str]:
    """One that nobody pays, one that will be done, one for which nothing is prepared, and one that is called off."""
    service = {"product": "ssl-setup", "starts_at": APPOINTMENT.isoformat()}
    ways = {
        "unpaid": {"paid_by": "invoice"},
        "done": {"paid_by": "incidents"},
        "blocked": {"paid_by": "incidents"},
        "cancelled": {"paid_by": "incidents", "minutes": 30},
    }
    booked = {}
    for name, way in ways.items():
        body = CUSTOMER | service | way
        booked[name] = str((await desk.post("entitlement", "/v1/orders/bookings", body))["booking_id"])
    await desk.system.settle()
    path = f"/v1/bookings/{booked['done']}"
    await desk.post("dispatch", f"/v1/bookings/{booked['cancelled']}/cancel", {"reason": "the server is gone"})
    await desk.post("dispatch", f"{path}/points", {"points": ["Which server?"]})
    await desk.post("dispatch", f"{path}/answers", {"answers": ["the blue one"]})
    for item in ITEMS:
        await desk.post("dispatch", f"{path}/preparations", {"item": item, "met": True})
    return booked


async def end(desk: Desk, booked: dict[str, str]) -> None:
    """The appointments are over: the work of one is done, and one is paid too late, and paid back."""
    done = {"completed_at": (APPOINTMENT + timedelta(hours=2)).isoformat()}
    await desk.post("dispatch", f"/v1/bookings/{booked['done']}/complete", done)
    await _pay(desk, booked["unpaid"])
    today = desk.system.clock.now().date().isoformat()
    path = f"/v1/refunds/RF-INV-{booked['unpaid']}.1/paid"
    await desk.post("billing", path, {"paid_on": today, "reference": "bank-1"})


async def _pay(desk: Desk, order_id: str) -> None:
    invoice = await desk.get("billing", f"/v1/invoices/INV-{order_id}")
    body = {"invoice_no": invoice["invoice_no"], "amount": invoice["total"], "currency": "JPY"}
    today = desk.system.clock.now().date().isoformat()
    await desk.post("billing", "/v1/payments", body | {"payment_id": "payment-0", "received_on": today})
