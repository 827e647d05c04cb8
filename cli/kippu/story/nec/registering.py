"""What the chapters share about registering a pack for its server."""

from kippu.story.stage import Stage


async def register(stage: Stage, contract_id: str, serial: str) -> None:
    """The customer registers a pack; it gives nothing before that (NEC-Q14)."""
    form = {
        "serial": serial,
        "model": "Server",
        "contact_id": "contact-1",
        "site": {"address": "1 Example Street, Tokyo", "area": "tokyo"},
    }
    await stage.partner.post("entitlement", f"/v1/contracts/{contract_id}/registration", form)
    await stage.settled()
