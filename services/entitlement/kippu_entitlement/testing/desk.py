"""Entitlement up on a real database: its applications called, its consumers run by the real runners."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from kippu_events.bus import Slot
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.consumer.projector import ProjectorRunner
from kippu_events.consumer.reactor import ReactorRunner
from kippu_events.envelope import SLOTS
from kippu_events.log import Log
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller

from kippu_entitlement.testing import CUSTOMER, FAMILY, World

CUSTOMER_BODY: dict[str, Any] = {
    "customer_id": CUSTOMER,
    "name": "Customer One",
    "language": "th",
    "country": "TH",
    "salesperson": {"id": "sales-1", "name": "Salesperson One", "mail": "sales-1@provider.example"},
    "contacts": [{"id": "contact-1", "name": "Contact One", "mail": "one@customer-1.example", "language": "th"}],
}
ASSET_BODY: dict[str, Any] = {
    "customer_id": CUSTOMER,
    "serial": "device-１",
    "kind": "equipment",
    "model": "Switch 24",
    "plan_family": FAMILY,
    "bought_from_provider": True,
    "bought_on": "2025-05-01",
    "warranty_until": "2028-04-30",
    "installed_by": "provider",
}
ORDER_BODY: dict[str, Any] = {"customer_id": CUSTOMER, "plan_family": FAMILY, "product": "se-10", "quantity": 1}


@dataclass
class Desk:
    """Entitlement up, with its partners' and its people's clients, and the other services' logs to be heard."""

    runtime: Runtime
    service: Service
    app: FastAPI
    world: World

    async def settle(self) -> None:
        """Runs every reactor, then every projector, to the end of what they hear."""
        # Slots arrive shuffled against each other, as from partitions.
        bus = EmbeddedBus(self._logs, random.Random(1))  # noqa: S311  a test's order, not a secret
        worker, connect = self.runtime.worker, self.runtime.connect_writer
        reactors = [ReactorRunner("entitlement", each, worker, bus, connect) for each in self.service.reactors]
        heard = await self._ends(self.world.heard)
        await asyncio.gather(
            *(self._run(runner, each.logs, heard) for runner, each in zip(reactors, self.service.reactors, strict=True))
        )
        projectors = [ProjectorRunner("entitlement", each, bus, connect) for each in self.service.projectors]
        own = await self._ends({"entitlement": self.runtime.log})
        await asyncio.gather(*(runner.run(until=own) for runner in projectors))

    @property
    def _logs(self) -> dict[str, Log]:
        return {**self.world.heard, "entitlement": self.runtime.log}

    @staticmethod
    async def _run(runner: ReactorRunner, logs: Sequence[str], ends: Mapping[Slot, int]) -> None:
        await runner.run(until={slot: end for slot, end in ends.items() if slot[0] in logs})

    @staticmethod
    async def _ends(logs: Mapping[str, Log]) -> dict[Slot, int]:
        """Where each slot of these logs ends by now."""
        heads = {name: await log.head() for name, log in logs.items()}
        return {(name, slot): head.slot_seqs[slot] for name, head in heads.items() for slot in range(SLOTS)}

    def staff(self, **options: Any) -> Caller:
        return Caller(self.app, **{"provider": self.world.provider, **options})

    def partner(self, *customers: str, **options: Any) -> Caller:
        options = {"provider": self.world.provider, **options}
        return Caller(self.app, customers=customers or (CUSTOMER,), client_id="partner-1", **options)

    async def begin(self) -> "Desk":
        """A plan, a customer and a device."""
        bodies = {
            "/v1/plans": {"source": self.world.plan_text},
            "/v1/customers": CUSTOMER_BODY,
            "/v1/assets": ASSET_BODY | {"plan_family": self.world.family},
        }
        async with self.staff() as staff:
            for path, body in bodies.items():
                (await staff.post(path, json=body)).raise_for_status()
        return self

    async def buy(self, product: str = "se-10") -> str:
        """An order of today, paid today."""
        async with self.partner() as partner:
            body = ORDER_BODY | {"product": product, "plan_family": self.world.family}
            answer = await partner.post("/v1/orders", json=body)
        answer.raise_for_status()
        order_id = str(answer.json()["order_id"])
        await self.world.tell(self.world.paying(order_id, self.world.today))
        await self.settle()
        return order_id
