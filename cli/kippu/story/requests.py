"""What the chapters share about a request: asked by the portal, decided by the terms, isolated, shipped for."""

from datetime import datetime
from typing import Any

from kippu.story.customers import CUSTOMER
from kippu.story.people import Answer
from kippu.story.stage import Stage
from kippu.story.telling import Telling


async def ask(
    stage: Stage, name: str, subject: str, category: str, serial: str | None, *, key: str | None = None, **said: Any
) -> str:
    """A request by the partner's portal; answers its number."""
    body = {
        "customer_id": CUSTOMER,
        "contact_id": "contact-1",
        "plan_family": stage.family,
        "subject": subject,
        "category": category,
        "asset_serial": serial,
        **said,
    }
    opened = await stage.partner.post("intake", "/v1/tickets", body, key=key)
    stage.tickets[name] = opened["ticket_no"]
    await stage.settled()
    return str(opened["ticket_no"])


async def decided(stage: Stage, telling: Telling, name: str, outcome: str, clause: str) -> dict[str, Any]:
    """The decision that stands, checked and told with the clause that decided it."""
    shown = await stage.partner.get("entitlement", f"/v1/decisions/{stage.tickets[name]}")
    current: dict[str, Any] = shown["current"]
    telling.check(
        f"{name}: decision {current['decision']}",
        f"{current['outcome']} by {current['deciding_clause']['id']}",
        f"{outcome} by {clause}",
    )
    telling.outcome(f"{outcome.replace('_', ' ')}: “{current['deciding_clause']['text']['en']}”", clause=clause)
    return current


async def state(stage: Stage, name: str, *, by_desk: bool = False, **details: Any) -> None:
    """What else is said of a request, by the partner or by the desk; the terms decide again."""
    caller = stage.desk if by_desk else stage.partner
    await caller.post("intake", f"/v1/tickets/{stage.tickets[name]}/details", details, expect=200)
    await stage.settled()


async def answer_approval(stage: Stage, name: str, decision: str) -> None:
    """An operator answers what a request waits for: `grant` or `refuse`."""
    waiting = await stage.desk.get("entitlement", "/v1/approvals")
    [approval] = [each for each in waiting["items"] if each["ticket_no"] == stage.tickets[name]]
    path = f"/v1/approvals/{approval['approval_id']}"
    await stage.desk.post("entitlement", path, {"decision": decision}, expect=200)
    await stage.settled()


async def isolate(
    stage: Stage, telling: Telling, name: str, serial: str, isolated_at: datetime, *, part: str | None = None
) -> None:
    """The desk records which unit is at fault since when; everything that follows from it is awaited."""
    about = f"{part} of {serial}" if part else serial
    when = isolated_at.astimezone(stage.zone).strftime("%a %d %b %H:%M:%S")
    telling.step(stage.now, "The desk", f"records: the fault was isolated at {when}, {about}")
    body = {"asset_serial": serial, "part": part, "isolated_at": isolated_at.isoformat()}
    await stage.desk.post("intake", f"/v1/tickets/{stage.tickets[name]}/isolation", body, expect=200)
    await stage.settled()


async def shipments_of(stage: Stage, name: str) -> list[dict[str, Any]]:
    """The open shipments of a request."""
    found = await stage.desk.get("dispatch", f"/v1/shipments?ticket_no={stage.tickets[name]}")
    return list(found["items"])


async def shipment_of(stage: Stage, name: str) -> dict[str, Any]:
    """The one open shipment of a request."""
    [shipment] = await shipments_of(stage, name)
    return shipment


async def report(stage: Stage, shipment_id: str, what: str, body: dict[str, Any], *, expect: int = 200) -> Answer:
    """What the dispatcher says of a shipment."""
    answer = await stage.desk.post("dispatch", f"/v1/shipments/{shipment_id}/{what}", body, expect=expect)
    await stage.settled()
    return answer
