"""For tests: contracts as an order sells them, under the terms of service tickets for switches."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kippu_events.catalogue.contracts import ContractEvent, ContractSold
from kippu_events.work import Work

from kippu_entitlement import folds
from kippu_entitlement.domain import streams
from kippu_entitlement.testing import CUSTOMER, World

TERMS = (Path(__file__).parents[4] / "plans" / "svt.toml").read_text()
SERIAL = "12345678901"
REGISTRATION_BODY: dict[str, Any] = {
    "consent": True,
    "serial": SERIAL,
    "model": "M24ePWR",
    "contact_id": "contact-1",
    "site": {"address": "1 Example Street, Tokyo", "area": "tokyo", "height_cm": 120},
}
BUNDLE: dict[str, Any] = {
    "product": "bundle-3y",
    "valid_from": None,
    "valid_until": None,
    "ends_at": None,
    "register_by": None,
    "registration_due_at": None,
}
"""What is different about a bundle that was not delivered yet."""


async def sell(world: World, contract_id: str = "O-1", **changes: Any) -> None:
    """A year of advance send-back, bought on 10 May 2026 and registered by nobody yet."""
    usual: dict[str, Any] = {
        "customer_id": CUSTOMER,
        "plan_family": "svt",
        "plan_version": "2026-01-01",
        "product": "advance-1y",
        "order_id": contract_id,
        "valid_from": date(2026, 5, 10),
        "valid_until": date(2027, 5, 9),
        "ends_at": datetime(2027, 5, 9, 15, tzinfo=UTC),
        "needs_registration": True,
        "register_by": date(2026, 8, 10),
        "registration_due_at": datetime(2026, 8, 9, 15, tzinfo=UTC),
    }
    await record(world, ContractSold(occurred_at=world.clock.now(), contract_id=contract_id, **{**usual, **changes}))


async def record(world: World, event: ContractEvent) -> None:
    async def decide(work: Work) -> None:
        name = streams.contract(world.provider, event.contract_id)
        work.record(await work.load(folds.CONTRACT, world.provider, name), event)

    await world.run(decide)
