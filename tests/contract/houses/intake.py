"""Intake with a request that has a thread and a file, and with a mail of the customer that matched no request."""

import base64
from collections.abc import Mapping
from datetime import date

from fastapi import FastAPI
from kippu_events.catalogue.entitlement import ContactAdded, CustomerRegistered, PlanPublished
from kippu_events.log.memory import MemoryLog
from kippu_intake.app import MIGRATIONS, build
from kippu_intake.known import Known
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.take_in import TakeIn
from kippu_intake.testing import ONE, SUPPORT, a_mail
from kippu_privacy import Plain
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.settings import MailAddress
from kippu_service.testing import Caller
from kippu_service.testing.hearing import catch_up, tell
from kippu_service.testing.tenancy import House

from houses.common import NOON, PLAN_TEXT

REQUEST = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "plan_family": "iij-se",
    "category": "fault",
    "subject": "A request",
}
FILE = "the drawing of the rack"
SECRETS = {
    "subject": "the core switch burns",
    "text": "it stands behind the blue door",
    "file name": "rack-plan.txt",
    "file": FILE,
    "mail subject": "a question about an invoice",
    "mail text": "why is it so much",
    "sender": ONE,
    "serial": "DEVICE-1",
}


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    heard = {name: MemoryLog(name) for name in ("entitlement", "dispatch", "billing")}
    await _register(runtime, heard["entitlement"])
    await catch_up(service, runtime, heard)
    async with Caller(app) as desk:
        body = REQUEST | {
            "subject": SECRETS["subject"],
            "text": SECRETS["text"],
            "asset_serial": SECRETS["serial"],
        }
        opened = (await desk.post("/v1/tickets", json=body)).raise_for_status()
        file = {"file_name": SECRETS["file name"], "content": base64.b64encode(FILE.encode()).decode()}
        path = opened.headers["location"]
        attached = (await desk.post(f"{path}/attachments", json=file)).raise_for_status()
    take_in = TakeIn(runtime, Known(runtime), Limits())
    to = MailAddress(address=SUPPORT, provider="iij", family="iij-se")
    mail = a_mail(SECRETS["mail subject"], SECRETS["mail text"])
    mail_id = await take_in.take(to, mail.as_bytes(), ONE)
    await catch_up(service, runtime, heard)
    return {
        "ticket_no": opened.json()["ticket_no"],
        "attachment_id": attached.json()["attachment_id"],
        "mail_id": mail_id,
    }


async def _register(runtime: Runtime, log: MemoryLog) -> None:
    plan = PlanPublished(
        occurred_at=NOON,
        family="iij-se",
        version="2025-04-01",
        effective_from=date(2025, 4, 1),
        digest="",
        source=PLAN_TEXT,
    )
    key = "customer-iij-customer-1"
    customer = CustomerRegistered(
        occurred_at=NOON,
        customer_id="customer-1",
        name=Plain(key, "Customer One"),
        language="th",
        country="TH",
        salesperson_id="sales-1",
        salesperson_name=Plain(key, "Salesperson One"),
        salesperson_mail=Plain(key, "sales-1@provider.example"),
    )
    contact = ContactAdded(
        occurred_at=NOON,
        customer_id="customer-1",
        contact_id="contact-1",
        name=Plain("contact-iij-contact-1", "Contact One"),
        mail=Plain("contact-iij-contact-1", ONE),
        language="th",
    )
    for provider in ("iij", "other"):
        await tell(runtime, log, f"plan-{provider}-iij-se", plan, provider=provider)
    await tell(runtime, log, key, customer, contact)


INTAKE = House(
    log="intake",
    migrations=MIGRATIONS,
    build=build,
    fill=fill,
    bodies={
        "POST /v1/tickets": REQUEST,
        "POST /v1/tickets/{ticket_no}/classification": {"category": "fault"},
        "POST /v1/tickets/{ticket_no}/details": {"keep_part": True},
        "POST /v1/tickets/{ticket_no}/messages": {"text": "Any news?"},
        "POST /v1/tickets/{ticket_no}/attachments": {"file_name": "a.txt", "content": "YQ=="},
        "POST /v1/tickets/{ticket_no}/work": {"kind": "isolation", "started_at": NOON.isoformat(), "minutes": 35},
        "POST /v1/tickets/{ticket_no}/isolation": {"asset_serial": "DEVICE-2", "isolated_at": NOON.isoformat()},
        "POST /v1/tickets/{ticket_no}/resolve": {},
        "POST /v1/tickets/{ticket_no}/close": {},
        "POST /v1/tickets/{ticket_no}/decline": {"clause": "IIJ-06", "reason": "It is not part of the service."},
        "POST /v1/tickets/{ticket_no}/reopen": {},
        "POST /v1/unmatched-mail/{mail_id}/ticket": {
            "customer_id": "customer-1",
            "contact_id": "contact-1",
            "plan_family": "iij-se",
        },
    },
    secrets=list(SECRETS.values()),
)
