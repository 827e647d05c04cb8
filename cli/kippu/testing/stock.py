"""What a town is stocked with before anybody asks: customers, devices, and wallets that are full."""

from datetime import UTC, datetime, timedelta

from kippu.testing.town import CUSTOMERS, PROVIDER, UNITS_PROVIDER, Town
from kippu.testing.traffic import FAMILY, Traffic, clients

ORDERS, PACKS = 3, 100
"""Each customer orders so often so many packs of ten: more than any test takes."""


async def stock(town: Town) -> None:
    """Customers with a contact and a device each, and a full wallet: ordered, invoiced, paid, credited."""
    async with clients(town, "stock") as traffic, town.house() as house:
        for number, customer in enumerate(CUSTOMERS, 1):
            await _register(traffic, customer, f"contact-{number}")
            wanted = {"customer_id": customer, "plan_family": FAMILY, "product": "se-10", "quantity": PACKS}
            for _ in range(ORDERS):
                await traffic.post("entitlement", "/v1/orders", wanted)
        await town.settled(house)
        listed = await traffic.http.get(f"{town.addresses['billing']}/v1/invoices")
        assert listed.status_code == 200, listed.text
        for invoice in listed.json()["items"]:
            paid = {
                "invoice_no": invoice["invoice_no"],
                "payment_id": "transfer-1",
                "amount": invoice["total"],
                "currency": invoice["currency"],
                "received_on": datetime.now(UTC).date().isoformat(),
            }
            await traffic.post("billing", "/v1/payments", paid)
        await town.settled(house)


async def _register(traffic: Traffic, customer: str, contact: str) -> None:
    people = {"id": contact, "name": "Contact", "mail": f"{contact}@{customer}.example", "language": "en"}
    for provider, country in ((PROVIDER, "TH"), (UNITS_PROVIDER, "JP")):
        known = {
            "customer_id": customer,
            "name": "Customer",
            "language": "en",
            "country": country,
            "salesperson": {"id": "sales-1", "name": "Salesperson One", "mail": f"sales-1@{provider}.example"},
            "contacts": [people],
        }
        await traffic.post("entitlement", "/v1/customers", known, provider)
    today = datetime.now(UTC).date()
    await traffic.post(
        "entitlement",
        "/v1/assets",
        {
            "customer_id": customer,
            "serial": f"SN-{customer}",
            "kind": "equipment",
            "model": "Branch router",
            "plan_family": FAMILY,
            "bought_from_provider": True,
            "bought_on": (today - timedelta(days=300)).isoformat(),
            "warranty_until": (today + timedelta(days=300)).isoformat(),
            "installed_by": "provider",
        },
    )
