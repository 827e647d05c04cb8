"""Entitlement up on a real database: its applications called, its consumers run by the real runners."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller
from kippu_service.testing.hearing import catch_up

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
        await catch_up(self.service, self.runtime, self.world.heard)

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
