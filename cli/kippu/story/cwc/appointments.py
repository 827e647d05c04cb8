"""Work at an appointment: void if not paid in time (CWC-16), asked about (CWC-17), blocked till prepared (CWC-19)."""

from datetime import datetime
from typing import Any

from kippu.story.customers import CUSTOMER
from kippu.story.cwc.cast import BUYER, on
from kippu.story.orders import pay, refused
from kippu.story.orders import told as told_faults
from kippu.story.people import Answer
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "Two appointments: one void, one blocked and then done"

BOOKINGS = "/v1/orders/bookings"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(12, 14, "10:00"))
    telling.step(stage.now, "The partner's portal", "books SSL for Wednesday, and the desk the same by telephone")
    soon = {"starts_at": on(12, 16, "14:00").isoformat(), "contact_id": BUYER}
    await refused(stage, telling, "an appointment in two days", ["CWC-16"], "ssl-setup", BOOKINGS, **soon)
    later = {"starts_at": on(12, 25, "14:00").isoformat(), "contact_id": BUYER, "channel": "telephone"}
    await refused(stage, telling, "an appointment by telephone", ["CWC-27"], "ssl-setup", BOOKINGS, **later)
    telling.step(stage.now, "The partner's portal", "books it for Thursday the 24th, and for Friday the 25th")
    unpaid = await _book(stage, on(12, 24, "14:00"))
    paid = await _book(stage, on(12, 25, "14:00"))
    days = f"{unpaid['pay_by']} and {paid['pay_by']}"
    telling.check("to be paid by, each", days, "2026-12-21 and 2026-12-22")
    telling.outcome(f"to be paid by {days}", clause="CWC-16")
    await stage.move_to(on(12, 15, "11:00"))
    await pay(stage, telling, paid["booking_id"], "the appointment on Friday", 44_000)
    await _asked(stage, telling, paid["booking_id"])
    await _void(stage, telling, unpaid["booking_id"])
    await _blocked(stage, telling, paid["booking_id"])


async def _book(stage: Stage, starts_at: datetime) -> Answer:
    body = {
        "customer_id": CUSTOMER,
        "plan_family": stage.family,
        "contact_id": BUYER,
        "product": "ssl-setup",
        "starts_at": starts_at.isoformat(),
    }
    booked = await stage.partner.post("entitlement", BOOKINGS, body)
    await stage.settled()
    return booked


async def _asked(stage: Stage, telling: Telling, booking_id: str) -> None:
    await stage.move_to(on(12, 17, "10:00"))
    stage.post.arrived()
    telling.step(stage.now, "The engineer", "mails the points to check")
    points = {"points": ["Under which name is the server reached?", "Who has the certificate?"]}
    await _post(stage.desk.post, stage, booking_id, "points", points)
    letter = stage.letter(booking_id, "points to check")
    telling.mail(letter)
    telling.step(stage.now, "The customer", "answers, and says that the server is installed")
    await _post(stage.partner.post, stage, booking_id, "answers", {"answers": ["www.customer-1.example", "We do"]})
    await _post(stage.partner.post, stage, booking_id, "preparations", {"item": "server_installed", "met": True})
    shown = await stage.partner.get("dispatch", f"/v1/bookings/{booking_id}")
    telling.check("points to be answered by", shown["points_by"], "2026-12-23")
    telling.check("not prepared yet", shown["blocked_by"], ["certificate_ready"])


async def _void(stage: Stage, telling: Telling, booking_id: str) -> None:
    path = f"/v1/bookings/{booking_id}"
    await stage.move_to(on(12, 21, "23:59"))
    stage.post.arrived()
    telling.check("unpaid on its last day", (await stage.partner.get("dispatch", path))["status"], "requested")
    await stage.move_to(on(12, 22, "00:00"))
    telling.check("unpaid at midnight", (await stage.partner.get("dispatch", path))["status"], "void")
    telling.step(stage.now, "The clock", "strikes midnight in Tokyo: the booking of Thursday is not paid, and void")
    telling.mail(stage.letter(booking_id, "void"))
    invoice = await stage.partner.get("billing", f"/v1/invoices/INV-{booking_id}")
    telling.check("the invoice of the void booking is", invoice["status"], "credited")
    telling.outcome("its invoice is taken back", clause="CWC-16")


async def _blocked(stage: Stage, telling: Telling, booking_id: str) -> None:
    path = f"/v1/bookings/{booking_id}"
    await stage.move_to(on(12, 25, "14:00"))
    telling.step(stage.now, "The engineer", "is there; the certificate is not")
    telling.check("without the certificate", (await stage.partner.get("dispatch", path))["status"], "blocked")
    done = {"completed_at": stage.now.isoformat()}
    early = await stage.desk.post("dispatch", f"{path}/complete", done, expect=409)
    told_faults(telling, "done without the certificate", early, ["CWC-19"])
    await stage.move_to(on(12, 25, "15:30"))
    telling.step(stage.now, "The customer", "has the certificate; the engineer sets up SSL")
    await _post(stage.partner.post, stage, booking_id, "preparations", {"item": "certificate_ready", "met": True})
    done = {"completed_at": stage.now.isoformat()}
    await _post(stage.desk.post, stage, booking_id, "complete", done)
    telling.check("with the certificate", (await stage.partner.get("dispatch", path))["status"], "completed")
    telling.outcome("prepared, and done", clause="CWC-19")


async def _post(post: Any, stage: Stage, booking_id: str, what: str, body: dict[str, Any]) -> None:
    await post("dispatch", f"/v1/bookings/{booking_id}/{what}", body, expect=200)
    await stage.settled()
