"""All services alive together on one keyring, and a history that goes through all of them, for two providers.

The providers use the same ids and the same words: whatever takes one's for the other's is found out.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kippu.services import PARTS
from kippu_dispatch.domain.working_hours import WEEKDAYS
from kippu_entitlement.api.registrations import XLSX
from kippu_entitlement.registration.contract_rows import COLUMNS as CONTRACT_COLUMNS
from kippu_entitlement.testing.workbooks import filled
from kippu_events.database import Database
from kippu_events.log import Log
from kippu_events.log.memory import MemoryLog
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_intake.known import Known
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.take_in import TakeIn
from kippu_intake.testing import a_mail
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_service.settings import MailAddress
from kippu_service.testing import Caller
from kippu_service.testing.living import Living, living

from houses import holders
from houses.common import NOON, PLAN_TEXT, TICKET_PLAN_TEXT, UNIT_PLAN_TEXT

ANNOUNCED = '[contracts.ending]\nclause = "QNP-01"\nremind_months_before = [1]\n'
TAKEN_BACK = '\n[[ordering.rules]]\nkind = "refund_window"\nclause = "IIJ-10"\ncloses_on_day = 25\n'
SATURDAY = NOON + timedelta(days=3)


@dataclass
class System:
    services: Mapping[str, Living]
    clock: VirtualClock

    async def settle(self) -> None:
        """Until everybody has heard everything, and nothing more came of it."""
        before: list[int] = []
        while before != (before := [(await each.runtime.log.head()).position for each in self.services.values()]):
            await asyncio.gather(*(each.settle() for each in self.services.values()))

    async def move_to(self, instant: datetime) -> None:
        self.clock.move_to(instant)
        while sum([await each.run_due() for each in self.services.values()]):
            await self.settle()


@asynccontextmanager
async def alive(databases: Mapping[str, Database]) -> AsyncIterator[System]:
    """The services that there are databases for; the others say nothing."""
    async with AsyncExitStack() as stack:
        logs: dict[str, Log] = {name: MemoryLog(name) for name in PARTS}
        for name, database in databases.items():
            logs[name] = await stack.enter_async_context(PostgresLog(name, database.writer_url))
        clock, keyring = VirtualClock(NOON), MemoryKeyring()
        services = {
            name: await stack.enter_async_context(
                living(
                    PARTS[name].build,
                    database,
                    logs[name],
                    [log for other, log in logs.items() if other != name],
                    clock,
                    keyring=keyring,
                )
            )
            for name, database in databases.items()
        }
        yield System(services, clock)


class Desk:
    """A provider's people, at all services."""

    def __init__(self, system: System, provider: str) -> None:
        self.system = system
        self.provider = provider

    async def post(self, service: str, path: str, body: Any = None) -> dict[str, Any]:
        async with Caller(self.system.services[service].app, self.provider) as caller:
            answer = await caller.post(path, json=body)
        if not answer.is_success:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return dict(answer.json())

    async def set_roster(self, *off: str) -> list[str]:
        """Two engineers who work around the clock; the first is off on these dates. Answers whom nobody goes to now."""
        always = {"weekdays": list(WEEKDAYS), "starts": "00:00", "ends": "00:00", "on_holidays": True}
        engineers = [
            {"engineer_id": f"engineer-{number}", "name": f"Engineer {number}", "weekly": [always], "exceptions": days}
            for number, days in ((1, [{"on": day, "off": True} for day in off]), (2, []))
        ]
        async with Caller(self.system.services["dispatch"].app, self.provider) as caller:
            body = {"time_zone": "Asia/Bangkok", "country": "TH", "engineers": engineers}
            answer = await caller.put("/v1/capacity", json=body)
        return list(answer.raise_for_status().json()["unassigned"])

    async def get(self, service: str, path: str) -> dict[str, Any]:
        async with Caller(self.system.services[service].app, self.provider) as caller:
            return dict((await caller.get(path)).raise_for_status().json())

    async def mailed(self, family: str, subject: str, text: str) -> str:
        """The customer's contact writes; answers what the mail was taken in as."""
        intake, sender = self.system.services["intake"].runtime, "one@customer-1.example"
        to = MailAddress(address=f"support@{self.provider}.example", provider=self.provider, family=family)
        mail = a_mail(subject, text, sender=sender).as_bytes()
        return await TakeIn(intake, Known(intake), Limits()).take(to, mail, sender)

    async def ask(self, subject: str, **facts: Any) -> str:
        body = {"customer_id": "customer-1", "contact_id": "contact-1", "plan_family": "iij-se", "subject": subject}
        return str((await self.post("intake", "/v1/tickets", body | facts))["ticket_no"])

    async def work(self, ticket_no: str, minutes: int) -> None:
        body = {"kind": "isolation", "started_at": self.system.clock.now().isoformat(), "minutes": minutes}
        await self.post("intake", f"/v1/tickets/{ticket_no}/work", body)

    async def pay(self, invoice_no: str, *amounts: int, currency: str = "THB") -> None:
        today = self.system.clock.now().date().isoformat()
        for number, amount in enumerate(amounts):
            body = {"invoice_no": invoice_no, "amount": amount, "currency": currency, "received_on": today}
            await self.post("billing", "/v1/payments", body | {"payment_id": f"payment-{number}"})

    async def certify(self, invoice_no: str, amount: int) -> None:
        """Sends the certificate of tax that the customer withheld."""
        today = self.system.clock.now().date().isoformat()
        body = {"invoice_no": invoice_no, "certificate_no": "certificate-1", "amount": amount, "currency": "THB"}
        await self.post("billing", "/v1/withholding-certificates", body | {"issued_on": today, "received_on": today})


async def history(system: System) -> None:
    """Registers, requests, work, visits, mails, offers, what falls due; for both providers alike."""
    desks = [Desk(system, provider) for provider in ("iij", "other")]
    for desk in desks:
        await _registers(desk)
    await system.settle()
    for desk in desks:
        await _buys(desk)
        await _switches(desk)
    await system.settle()
    for desk in desks:
        await holders.buy(desk)
    asked = [await _asks(desk) for desk in desks]
    for desk in desks:
        await _mails_sheets(desk)
    await system.settle()
    booked_services = [await holders.book(desk) for desk in desks]
    for desk, tickets in zip(desks, asked, strict=True):
        await _works(desk, tickets)
    await system.settle()
    for desk, tickets in zip(desks, asked, strict=True):
        await _settles(desk, tickets)
        await _ships(desk, tickets["unit"])
    await system.settle()
    for desk, tickets in zip(desks, asked, strict=True):
        await _calls_off(desk, tickets["quoted"])
    await system.settle()
    await system.move_to(SATURDAY + timedelta(days=3))
    for desk in desks:
        booked, _in_time = (await desk.get("dispatch", "/v1/visits?status=booked"))["items"]
        ended = {"completed_at": (SATURDAY + timedelta(hours=1)).isoformat()}
        await desk.post("dispatch", f"/v1/visits/{booked['visit_id']}/complete", ended)
    await system.settle()
    visits = [await _is_visited(desk) for desk in desks]
    await system.move_to(system.clock.now() + timedelta(hours=2))
    for desk, visit_id in zip(desks, visits, strict=True):
        exchanged = {"completed_at": system.clock.now().isoformat(), "serial": "NAS-7"}
        await desk.post("dispatch", f"/v1/visits/{visit_id}/complete", exchanged)
    await system.settle()
    await system.move_to(
        NOON + timedelta(days=500)
    )  # the unpaid invoices, the open offers, the lots and the returns are over
    await system.settle()
    for desk, booked_service in zip(desks, booked_services, strict=True):
        await _comes_back(desk)
        await holders.end(desk, booked_service)
    await system.settle()


async def _registers(desk: Desk) -> None:
    await desk.set_roster()
    source = PLAN_TEXT.replace('provider = "iij"', f'provider = "{desk.provider}"')
    await desk.post("entitlement", "/v1/plans", {"source": source + TAKEN_BACK})
    # A provider has one time zone, whatever families of terms it offers; and here a contract's end is announced.
    shipping = UNIT_PLAN_TEXT.replace('provider = "qnp"', f'provider = "{desk.provider}"')
    shipping = shipping.replace('"Asia/Tokyo"', '"Asia/Bangkok"')
    shipping = shipping.replace("[commercial]\n", f"{ANNOUNCED}\n[commercial]\n", 1)
    await desk.post("entitlement", "/v1/plans", {"source": shipping})
    for number in (1, 2):
        customer = f"customer-{number}"
        contact = {"id": f"contact-{number}", "name": f"Contact {number}", "mail": f"one@{customer}.example"}
        body = {
            "customer_id": customer,
            "name": f"Customer {number}",
            "language": "th",
            "country": "TH",
            "salesperson": {"id": "sales-1", "name": "Salesperson One", "mail": "sales-1@provider.example"},
            "contacts": [contact | {"language": "en"}],
        }
        await desk.post("entitlement", "/v1/customers", body)
        await desk.post("entitlement", f"/v1/customers/{customer}/competitor", {"competitor": number == 2})
        later = {"id": f"contact-{number + 2}", "name": f"Contact {number + 2}", "mail": f"two@{customer}.example"}
        await desk.post("entitlement", f"/v1/customers/{customer}/contacts", later | {"language": "th"})
        for age in ("new", "old"):
            asset = {
                "customer_id": customer,
                "serial": f"{age.upper()}-{number}",
                "kind": "equipment",
                "model": "Switch 24",
                "plan_family": "iij-se",
                "bought_from_provider": True,
                "bought_on": "2023-05-01",
                "warranty_until": "2028-04-30" if age == "new" else "2026-04-30",
                "installed_by": "provider",
            }
            await desk.post("entitlement", "/v1/assets", asset)
    slip = {key: value for key, value in asset.items() if key != "serial"}
    await desk.post("entitlement", "/v1/assets", slip | {"serial": "SLIP-1"})
    since = (desk.system.clock.now() - timedelta(days=10)).isoformat()
    for serial, right in (("SLIP-1", {"serial": "MEANT-1"}), ("MEANT-1", {"serial": "MEANT-1", "model": "Switch 48"})):
        correction = {"effective_at": since, "asset": slip | right}
        await desk.post("entitlement", f"/v1/assets/{serial}/corrections", correction)
    contract = {"contract_id": "C-1", "product": "advance-send-back", "valid_from": "2026-04-01"}
    unit = {
        "customer_id": "customer-1",
        "serial": "NAS-1",
        "kind": "equipment",
        "model": "NAS 4-bay",
        "plan_family": "qnp",
        "bought_from_provider": True,
        "bought_on": "2026-03-01",
        "warranty_until": "2027-02-28",
        "installed_by": "provider",
        "area": "tokyo",
        "contracts": [contract | {"valid_until": "2027-03-31"}],
    }
    await desk.post("entitlement", "/v1/assets", unit)
    await desk.post("entitlement", "/v1/assets", unit | {"serial": "NAS-2", "contracts": []})
    aged = unit | {"serial": "NAS-3", "bought_on": "2023-03-01", "warranty_until": "2026-02-28", "contracts": []}
    await desk.post("entitlement", "/v1/assets", aged)


async def _switches(desk: Desk) -> None:
    """Service tickets for switches: registered and moved, given back, delivered late, and forgotten."""
    terms = TICKET_PLAN_TEXT.replace('provider = "iij"', f'provider = "{desk.provider}"')
    await desk.post("entitlement", "/v1/plans", {"source": terms.replace('"Asia/Tokyo"', '"Asia/Bangkok"')})
    order = {"customer_id": "customer-2", "plan_family": "svt", "device": {"bought_on": "2026-11-18"}}
    sold = {
        use: (await desk.post("entitlement", "/v1/orders", order | {"product": product}))["contracts"][0]
        for use, product in (
            ("registered", "advance-1y"),
            ("given back", "onsite-basic-1y"),
            ("bundle", "bundle-3y"),
            ("forgotten", "advance-5y"),
        )
    }
    registration = {
        "consent": True,
        "serial": "12345678901",
        "model": "M24ePWR",
        "contact_id": "contact-2",
        "site": {"address": "1 Example Street", "area": "tokyo", "height_cm": 120},
    }
    path = f"/v1/contracts/{sold['registered']}/registration"
    await desk.post("entitlement", path, registration)
    await desk.post("entitlement", f"{path}/changes", {"site": {"address": "2 Example Street"}})
    renewal = {"product": "advance-u1", "renews": sold["registered"]}
    await desk.post("entitlement", "/v1/orders", order | renewal)
    await desk.post("entitlement", f"/v1/orders/{sold['given back']}/refund", {"reason": "bought twice"})
    pair = await desk.post("entitlement", "/v1/orders", order | {"product": "onsite-basic-1y", "quantity": 2})
    for part in ({"contracts": pair["contracts"][:1]}, {}):
        await desk.post("entitlement", f"/v1/orders/{pair['order_id']}/refund", {"reason": "too many"} | part)
    bundle = f"/v1/contracts/{sold['bundle']}"
    await desk.post("entitlement", f"{bundle}/registration", registration | {"serial": "12345678902"})
    await desk.post("entitlement", f"{bundle}/delivery", {"delivered_on": "2026-11-17"})
    await desk.post("entitlement", f"{bundle}/delivery/corrections", {"delivered_on": "2026-11-16"})


async def _buys(desk: Desk) -> None:
    """One order that is paid in two parts, one that is never paid, and a contract with its option for a unit."""
    for customer in ("customer-1", "customer-2"):
        order = {"customer_id": customer, "plan_family": "iij-se", "product": "se-10", "quantity": 1}
        order_id = (await desk.post("entitlement", "/v1/orders", order))["order_id"]
        await desk.system.settle()
        if customer == "customer-1":
            invoice = await desk.get("billing", f"/v1/invoices/INV-{order_id}")
            withheld = invoice["net"] * 3 // 100
            await desk.pay(invoice["invoice_no"], 1_000, invoice["total"] - withheld - 1_000)
            await desk.certify(invoice["invoice_no"], withheld)
    unused = (await desk.post("entitlement", "/v1/orders", order | {"customer_id": "customer-1"}))["order_id"]
    await desk.system.settle()
    await desk.pay(f"INV-{unused}", 1_000, (await desk.get("billing", f"/v1/invoices/INV-{unused}"))["total"] - 1_000)
    await desk.system.settle()
    await desk.post("entitlement", f"/v1/orders/{unused}/refund", {"reason": "not needed"})
    unit = {"customer_id": "customer-1", "plan_family": "qnp", "product": "onsite-weekday", "asset_serial": "NAS-2"}
    await desk.post("entitlement", "/v1/orders", unit | {"together": [{"product": "non-return-disk"}]})


async def _asks(desk: Desk) -> dict[str, str]:
    wanted = {"asset_serial": "NEW-1", "category": "fault", "wanted_minutes": 60}
    tickets = {
        "fault": await desk.ask("the switch burns", category="fault", asset_serial="NEW-1", text="It smokes."),
        "question": await desk.ask("how is it done", category="question"),
        "no warranty": await desk.ask("the old one burns", category="fault", asset_serial="OLD-1"),
        "approval": await desk.ask("a check", category="preventive_maintenance", asset_serial="NEW-1"),
        "held": await desk.ask("on Saturday", wanted_at=SATURDAY.isoformat(), **wanted),
        "in time": await desk.ask("later", wanted_at=(SATURDAY + timedelta(days=7)).isoformat(), **wanted),
        "vague": await desk.ask("something", category="fault", asset_serial="NEW-1"),
        "unit": await desk.ask("no light", category="fault", asset_serial="NAS-1", plan_family="qnp"),
        "quoted": await desk.ask("no light", category="fault", asset_serial="NAS-3", plan_family="qnp"),
        "quoted in vain": await desk.ask("too loud", category="fault", asset_serial="NAS-3", plan_family="qnp"),
    }
    for subject in ("[ticket] by mail", "not a request"):
        tickets[subject] = await desk.mailed("iij-se", subject, "สวัสดี")
    return tickets


async def _mails_sheets(desk: Desk) -> None:
    """A sheet of registrations with a fault, and one that is registered from."""
    order = {"customer_id": "customer-2", "plan_family": "svt", "device": {"bought_on": "2026-11-18"}}
    [contract] = (await desk.post("entitlement", "/v1/orders", order | {"product": "advance-2y"}))["contracts"]
    stated = {"contract_id": contract, "consent": "yes", "model": "M24ePWR", "contact_id": "contact-2"}
    intake = desk.system.services["intake"].runtime
    take_in = TakeIn(intake, Known(intake), Limits())
    to = MailAddress(address="tickets@provider.example", provider=desk.provider, family="svt")
    for serial in ("no number", "12345678903"):
        file = filled(stated | {"serial": serial, "address": "4 Example Street"}, known=CONTRACT_COLUMNS)
        mail = a_mail("[Registration] a switch", "", sender="one@customer-2.example")
        mail.add_attachment(file, maintype="application", subtype=XLSX.partition("/")[2], filename="registration.xlsx")
        await take_in.take(to, mail.as_bytes(), "one@customer-2.example")


async def _works(desk: Desk, tickets: Mapping[str, str]) -> None:
    """More than the wallet has: the rest is offered."""
    await desk.work(tickets["fault"], 35)
    await desk.work(tickets["fault"], 50)
    await desk.work(tickets["vague"], 700)
    await desk.work(tickets["in time"], 700)
    await desk.work(tickets["held"], 90)
    path = f"/v1/tickets/{tickets['unit']}"
    await desk.post("intake", f"{path}/details", {"ship_to_address": "3 Example Street", "ship_to_island": False})
    isolated = {"asset_serial": "NAS-1", "isolated_at": desk.system.clock.now().isoformat()}
    await desk.post("intake", f"{path}/isolation", isolated)
    path = f"/v1/tickets/{tickets['fault']}"
    await desk.post("intake", f"{path}/details", {"written_report": "asked", "cause": "wear"})
    await desk.post("intake", f"{path}/messages", {"text": "We are on it.", "subject": "The switch"})
    content = base64.b64encode(b"a drawing").decode()
    await desk.post("intake", f"{path}/attachments", {"file_name": "rack.txt", "content": content})
    await desk.post("intake", f"/v1/tickets/{tickets['question']}/classification", {})
    mail = {"customer_id": "customer-1", "contact_id": "contact-1", "plan_family": "iij-se"}
    await desk.post("intake", f"/v1/unmatched-mail/{tickets['not a request']}/ticket", mail)


async def _ships(desk: Desk, ticket_no: str) -> None:
    """A spare unit goes out to another place than was named first, fails to arrive once, and arrives."""
    now = desk.system.clock.now().isoformat()
    await desk.post(
        "intake", f"/v1/tickets/{ticket_no}/details", {"ship_to_address": "4 Example Street", "ship_to_island": False}
    )
    await desk.system.settle()
    await desk.post("dispatch", "/v1/units", {"serial": "SPARE-1", "model": "NAS 4-bay"})
    [planned] = (await desk.get("dispatch", "/v1/shipments"))["items"]
    path = f"/v1/shipments/{planned['shipment_id']}"
    await desk.post("dispatch", f"{path}/reserve", {"serial": "SPARE-1"})
    await desk.post("dispatch", f"{path}/shipped", {"shipped_at": now})
    await desk.post("dispatch", f"{path}/failed", {"failed_at": now, "reason": "nobody there"})
    await desk.post("dispatch", f"{path}/shipped", {"shipped_at": now})
    await desk.post("dispatch", f"{path}/delivered", {"delivered_at": now})


async def _is_visited(desk: Desk) -> str:
    """Somebody who is not on the roster goes to a unit in an hour. Answers the visit's id."""
    now = desk.system.clock.now()
    ticket_no = await desk.ask("no power", category="fault", asset_serial="NAS-2", plan_family="qnp")
    await desk.system.settle()
    isolated = {"asset_serial": "NAS-2", "isolated_at": now.isoformat()}
    await desk.post("intake", f"/v1/tickets/{ticket_no}/isolation", isolated)
    await desk.system.settle()
    [held] = (await desk.get("dispatch", "/v1/visits?status=held"))["items"]
    agreed = {"starts_at": (now + timedelta(hours=1)).isoformat(), "without_engineer": True}
    await desk.post("dispatch", f"/v1/visits/{held['visit_id']}/book", agreed)
    return str(held["visit_id"])


async def _calls_off(desk: Desk, ticket_no: str) -> None:
    """A paid repair turns out to be of a unit that was bought elsewhere, and is declined: the money goes back."""
    meant = {"category": "fault", "asset_serial": "ELSEWHERE-1"}
    await desk.post("intake", f"/v1/tickets/{ticket_no}/classification", meant)
    await desk.system.settle()
    refund = f"RF-INV-O-{ticket_no}.D1.1"
    due = {each["refund_id"]: each["cause"] for each in (await desk.get("billing", "/v1/refunds?status=due"))["items"]}
    assert due[refund] == "not_served"
    paid = {"paid_on": desk.system.clock.now().date().isoformat(), "reference": "bank-refund-1"}
    await desk.post("billing", f"/v1/refunds/{refund}/paid", paid)


async def _comes_back(desk: Desk) -> None:
    """The wrong unit, then the right one, long overdue."""
    [due] = (await desk.get("dispatch", "/v1/returns"))["items"]
    today = desk.system.clock.now().date().isoformat()
    for serial in ("NAS-9", "NAS-1"):
        path = f"/v1/returns/{due['shipment_id']}/received"
        await desk.post("dispatch", path, {"serial": serial, "received_on": today})


async def _settles(desk: Desk, tickets: Mapping[str, str]) -> None:
    for approval in (await desk.get("entitlement", "/v1/approvals"))["items"]:
        await desk.post("entitlement", f"/v1/approvals/{approval['approval_id']}", {"decision": "grant"})
    [held] = (await desk.get("dispatch", "/v1/visits?status=held"))["items"]
    await desk.post("dispatch", f"/v1/visits/{held['visit_id']}/book", {})
    # The engineer who was to go later is off that day after all; the other one goes.
    [unassigned] = await desk.set_roster((SATURDAY + timedelta(days=7)).date().isoformat())
    await desk.post("dispatch", f"/v1/visits/{unassigned}/assign", {"engineer_id": "engineer-2"})
    for step in ("resolve", "close", "reopen", "resolve"):
        await desk.post("intake", f"/v1/tickets/{tickets['fault']}/{step}", {})
    await desk.system.settle()
    for_work = [f"Q-{tickets[which]}.D1" for which in ("quoted", "quoted in vain")]
    offers = {each["quote_id"]: each for each in (await desk.get("billing", "/v1/quotes?status=offered"))["items"]}
    assert offers.keys() >= {*for_work}, "one to accept, one to withdraw"
    await desk.post("billing", f"/v1/quotes/{for_work[0]}/accept")
    another = {"category": "fault", "asset_serial": "NAS-1"}
    await desk.post("intake", f"/v1/tickets/{tickets['quoted in vain']}/classification", another)
    quotes = [each for quote_id, each in offers.items() if quote_id not in for_work]
    assert len(quotes) > 1, "one to accept, one to lapse"
    await desk.post("billing", f"/v1/quotes/{quotes[0]['quote_id']}/accept")
    await desk.system.settle()
    became = [(await desk.get("billing", f"/v1/quotes/{each}"))["status"] for each in for_work]
    assert became == ["accepted", "withdrawn"]
    decided = await desk.get("entitlement", f"/v1/decisions/{tickets['quoted']}")
    assert decided["current"]["waiting_for"] == "purchase", "what was not included is paid first"
    repair = await desk.get("billing", f"/v1/invoices/INV-O-{for_work[0].removeprefix('Q-')}")
    await desk.pay(repair["invoice_no"], repair["total"], currency=repair["currency"])
    await desk.system.settle()
    decided = await desk.get("entitlement", f"/v1/decisions/{tickets['quoted']}")
    assert decided["current"]["outcome"] == "covered", "and goes on once it is"
    offered = await desk.get("billing", f"/v1/invoices/INV-O-{quotes[0]['quote_id'].removeprefix('Q-')}")
    invoices = (await desk.get("billing", "/v1/invoices?status=open"))["items"]
    mine = [invoice for invoice in invoices if invoice["customer_id"] == "customer-1"]
    offered = next(invoice for invoice in mine if invoice["currency"] == "THB")
    await desk.pay(offered["invoice_no"], offered["total"])
