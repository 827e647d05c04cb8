"""For tests of intake: the whole service on a real PostgreSQL, with its SMTP listener, and people who write to it."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Any

from kippu_events.catalogue.entitlement import ContactAdded, CustomerRegistered, PlanPublished
from kippu_events.log.memory import MemoryLog
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_privacy import Plain
from kippu_service.settings import MailAddress
from kippu_service.testing.living import Living, living
from kippu_terms.loading import load

from kippu_intake.app import MIGRATIONS, build
from kippu_intake.known import Known
from kippu_intake.mail.certificate import Certificate
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.smtp import Listener
from kippu_intake.mail.take_in import TakeIn

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
"""Wednesday 10:00 in Bangkok."""
SUPPORT = "support@iij.example"
OTHER_SUPPORT = "support@other.example"
"""Another provider's, under the same terms."""
ONE, TWO, THREE = "one@customer-1.example", "two@customer-1.example", "three@customer-2.example"
"""Addresses of contact-1 and contact-2 of customer-1, and of contact-3 of customer-2."""
STRANGER = "stranger@elsewhere.example"
PATIENCE_SECONDS = 120
"""How long a client waits for a reply, on a machine that has other things to do."""


class House:
    """Intake, alive. It knows a plan, two customers and three contacts of the provider `iij`."""

    def __init__(self, living: Living, listener: Listener) -> None:
        self.living = living
        self.listener = listener

    async def begin(self, plan_text: str) -> "House":
        terms = load(plan_text)
        for provider in ("iij", "other"):
            plan = PlanPublished(
                occurred_at=NOW,
                family=terms.family,
                version=terms.version,
                effective_from=terms.effective_from,
                digest="",
                source=plan_text,
            )
            await self.living.hear("entitlement", f"plan-{provider}-{terms.family}", plan, provider=provider)
        await self._customer("customer-1", [("contact-1", ONE, "th"), ("contact-2", TWO, "en")])
        await self._customer("customer-2", [("contact-3", THREE, "en")])
        await self.living.settle()
        return self

    async def _customer(self, customer_id: str, contacts: Sequence[tuple[str, str, str]]) -> None:
        key = f"customer-iij-{customer_id}"
        registered = CustomerRegistered(
            occurred_at=NOW,
            customer_id=customer_id,
            name=Plain(key, customer_id),
            language="th",
            country="TH",
            salesperson_id="sales-1",
            salesperson_name=Plain(key, "Salesperson One"),
            salesperson_mail=Plain(key, "sales-1@provider.example"),
        )
        added = [
            ContactAdded(
                occurred_at=NOW,
                customer_id=customer_id,
                contact_id=contact_id,
                name=Plain(f"contact-iij-{contact_id}", contact_id),
                mail=Plain(f"contact-iij-{contact_id}", address),
                language=language,
            )
            for contact_id, address, language in contacts
        ]
        await self.living.hear("entitlement", key, registered, *added)

    async def send(
        self, mail: EmailMessage | bytes, *, sender: str = ONE, to: str | Sequence[str] = SUPPORT
    ) -> tuple[int, str]:
        """Sends a mail to the running listener as a client does; answers the last reply's code and text."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP_POLICY)
        recipients = [to] if isinstance(to, str) else to
        return await asyncio.to_thread(self._send, raw, sender, recipients)

    def _send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> tuple[int, str]:
        with smtplib.SMTP("127.0.0.1", self.listener.port, timeout=PATIENCE_SECONDS) as client:
            client.ehlo("client.example")
            code, text = client.mail(sender)
            for recipient in recipients:
                if code < 400:
                    code, text = client.rcpt(recipient)
            if code < 400:
                code, text = client.data(raw)
            return code, text.decode()

    async def taken(self, mail: EmailMessage | bytes, **options: Any) -> None:
        """Sends a mail that is accepted, and waits until everybody has heard of it."""
        code, text = await self.send(mail, **options)
        if code != 250:
            raise AssertionError(f"the mail was not accepted: {code} {text}")
        await self.living.settle()

    async def said(self, *types: Any) -> list[Any]:
        return await self.living.events(*types)


def a_mail(subject: str, text: str = "Hello.", *, sender: str = ONE, **headers: str) -> EmailMessage:
    """A plain mail. Header names are given with underscores for dashes."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = SUPPORT
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


@asynccontextmanager
async def house(
    service_database: MakeDatabase, plan_text: str, limits: Limits | None = None, tls: Certificate | None = None
) -> AsyncIterator[House]:
    database = await service_database("intake", [MIGRATIONS])
    heard = [MemoryLog(name) for name in ("entitlement", "dispatch", "billing")]
    async with (
        PostgresLog("intake", database.writer_url) as log,
        living(build, database, log, heard, VirtualClock(NOW)) as alive,
    ):
        listener = _listener(alive, limits or Limits(), load(plan_text).family, tls)
        await listener.start()
        try:
            yield await House(alive, listener).begin(plan_text)
        finally:
            await listener.stop()


def _listener(alive: Living, limits: Limits, family: str, tls: Certificate | None) -> Listener:
    """The service's listener, on a port of the operating system's choice."""
    addresses = [
        MailAddress(address=SUPPORT, provider="iij", family=family),
        MailAddress(address=OTHER_SUPPORT, provider="other", family=family),
    ]
    return Listener(
        TakeIn(alive.runtime, Known(alive.runtime), limits),
        {entry.address: entry for entry in addresses},
        host="127.0.0.1",
        port=0,
        name="kippu.example",
        limits=limits,
        tls=tls,
    )
