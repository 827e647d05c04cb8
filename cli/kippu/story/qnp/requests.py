"""What the chapters share: a request by the portal, and its isolation by the desk."""

from datetime import datetime
from typing import Any

from kippu.story.people import Answer
from kippu.story.qnp.cast import CUSTOMER, FAMILY, IN_ADVANCE
from kippu.story.stage import Stage
from kippu.story.telling import Telling


async def ask(stage: Stage, name: str, subject: str, *, key: str | None = None, **said: Any) -> str:
    """A request by the partner's portal; answers its number."""
    body = {
        "customer_id": CUSTOMER,
        "contact_id": "contact-1",
        "plan_family": FAMILY,
        "subject": subject,
        "category": "fault",
        "asset_serial": IN_ADVANCE,
        **said,
    }
    opened = await stage.partner.post("intake", "/v1/tickets", body, key=key)
    stage.tickets[name] = opened["ticket_no"]
    await stage.settled()
    return str(opened["ticket_no"])


async def isolate(
    stage: Stage, telling: Telling, name: str, serial: str, isolated_at: datetime, *, part: str | None = None
) -> None:
    """The desk records which unit is at fault since when; everything that follows from it is awaited."""
    about = f"{part} of {serial}" if part else serial
    when = isolated_at.strftime("%a %d %b %H:%M:%S")
    telling.step(stage.now, "The desk", f"records: the fault was isolated at {when}, {about}")
    body = {"asset_serial": serial, "part": part, "isolated_at": isolated_at.isoformat()}
    await stage.desk.post("intake", f"/v1/tickets/{stage.tickets[name]}/isolation", body, expect=200)
    await stage.settled()


async def shipment_of(stage: Stage, name: str) -> dict[str, Any]:
    """The one open shipment of a request."""
    found = await stage.desk.get("dispatch", f"/v1/shipments?ticket_no={stage.tickets[name]}")
    [shipment] = found["items"]
    return dict(shipment)


async def report(stage: Stage, shipment_id: str, what: str, body: dict[str, Any], *, expect: int = 200) -> Answer:
    """What the dispatcher says of a shipment."""
    answer = await stage.desk.post("dispatch", f"/v1/shipments/{shipment_id}/{what}", body, expect=expect)
    await stage.settled()
    return answer
