"""A customer, its people and its devices are entered in the register (IIJ-04, IIJ-10)."""

from typing import Any

from kippu.story.customers import CONTACT, CUSTOMER, customer_body
from kippu.story.iij.cast import FAMILY, LAPTOP, OLD_SWITCH, OWN_FIREWALL, ROUTER
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "The register: a customer, its people, its devices"


def _device(serial: str, model: str, **said: Any) -> dict[str, Any]:
    return {
        "customer_id": CUSTOMER,
        "serial": serial,
        "kind": "equipment",
        "model": model,
        "plan_family": FAMILY,
        "bought_from_provider": True,
        "bought_on": "2024-07-01",
        "warranty_until": "2027-06-30",
        "installed_by": "provider",
        **said,
    }


DEVICES = (
    (_device(ROUTER, "Branch router"), "in warranty until 30 Jun 2027"),
    (
        _device(OLD_SWITCH, "Access switch", bought_on="2023-04-01", warranty_until="2026-03-31"),
        "warranty ended 31 Mar 2026",
    ),
    (_device(OWN_FIREWALL, "Firewall", installed_by="customer"), "installed by the customer itself"),
    (_device(LAPTOP, "Office PC", maintenance_agreement="MA-1"), "under maintenance agreement MA-1"),
)


async def play(stage: Stage, telling: Telling) -> None:
    telling.step(stage.now, "The desk", "registers a customer, with its contacts and its salesperson")
    first = customer_body("iij", "TH", CONTACT, ("contact-2", "Contact Two", "th"))
    stranger = ("contact-3", "Contact Three", "en")
    second = customer_body("iij", "TH", stranger, customer_id="customer-2", name="Customer Two")
    for customer in (first, second):
        await stage.desk.post("entitlement", "/v1/customers", customer)
    await stage.settled()
    shown = await stage.desk.get("entitlement", f"/v1/customers/{CUSTOMER}")
    telling.outcome(
        f"{shown['name']}, contacts {', '.join(each['name'] for each in shown['contacts'])}; "
        f"salesperson {shown['salesperson']['name']}",
        clause="IIJ-10",
    )
    telling.check("contacts on record", len(shown["contacts"]), 2)
    # A partner sees its own customer and nobody else's, not even that there is one.
    await stage.partner.get("entitlement", f"/v1/customers/{CUSTOMER}")
    await stage.partner.get("entitlement", "/v1/customers/customer-2", expect=404)
    telling.outcome("its partner sees it, and is told of another partner's customer that there is none")

    telling.step(stage.now, "The desk", "enters its devices")
    for device, remark in DEVICES:
        await stage.desk.post("entitlement", "/v1/assets", device)
        telling.outcome(f"{device['serial']} {device['model']}: {remark}", clause="IIJ-04")
    await stage.settled()
