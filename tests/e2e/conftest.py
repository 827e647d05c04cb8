"""Services alive together under a family's terms, on databases of their own, with a customer who writes to them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from houses.system import Desk, System, alive
from kippu.services import PARTS
from kippu_events.catalogue.intake import MailRequested
from kippu_events.testing.plugin import MakeDatabase
from kippu_intake.known import Known
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.take_in import TakeIn
from kippu_intake.outgoing import Composer
from kippu_intake.sending import Letter
from kippu_intake.testing import SUPPORT
from kippu_service.settings import MailAddress
from kippu_service.testing import Caller
from kippu_terms.loading import load

PLANS = Path(__file__).parents[2] / "plans"
MAILS = {
    "contact-1": "one@customer-1.example",
    "contact-2": "two@customer-1.example",
    "contact-3": "three@customer-2.example",
}
_CUSTOMERS = {"customer-1": {"contact-1": "en", "contact-2": "ja"}, "customer-2": {"contact-3": "en"}}
"""Contacts by customer, with the languages that they read."""


class Counter(Desk):
    """The provider's people at all services, and the letters that they and their customers exchange."""

    def __init__(self, system: System, source: str) -> None:
        self.plan = load(source)
        super().__init__(system, self.plan.provider)

    async def open(self) -> "Counter":
        await self.post("entitlement", "/v1/plans", {"source": self.plan.source})
        for customer, contacts in _CUSTOMERS.items():
            people = [{"id": id_, "name": id_, "mail": MAILS[id_], "language": read} for id_, read in contacts.items()]
            sales = {"id": "sales-1", "name": "Salesperson One", "mail": "sales-1@provider.example"}
            body = {"customer_id": customer, "name": customer, "language": "en", "country": "JP"}
            await self.post("entitlement", "/v1/customers", body | {"salesperson": sales, "contacts": people})
        await self.system.settle()
        return self

    async def order(self, product: str, **facts: Any) -> dict[str, Any]:
        """An order of customer-1 for a device that was bought today."""
        bought = {"bought_on": self.plan.calendar.local_date(self.system.clock.now()).isoformat()}
        body = {"customer_id": "customer-1", "plan_family": self.plan.family, "product": product, "device": bought}
        return await self.post("entitlement", "/v1/orders", body | facts)

    async def refused(self, service: str, path: str, body: Any) -> list[dict[str, Any]]:
        """What is wrong with a command that is refused."""
        async with Caller(self.system.services[service].app, self.provider) as caller:
            answer = await caller.post(path, json=body)
        assert not answer.is_success, answer.text
        return list(answer.json()["errors"])

    async def mail(
        self, contact: str, subject: str, text: str = "Hello.", files: Sequence[tuple[str, bytes]] = ()
    ) -> str:
        """A contact, or the address of a stranger, writes to the provider; answers the id of the mail once it is taken
        in and everybody has heard of it."""
        sender = MAILS.get(contact, contact)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, SUPPORT, subject
        message.set_content(text)
        for name, content in files:
            message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        if files:
            message.set_boundary("between-the-parts")  # the same words are the same bytes
        intake = self.system.services["intake"].runtime
        to = MailAddress(address=SUPPORT, provider=self.provider, family=self.plan.family)
        taken = await TakeIn(intake, Known(intake), Limits()).take(to, message.as_bytes(policy=SMTP), sender)
        await self.system.settle()
        return taken

    async def ask(self, subject: str, **facts: Any) -> str:
        """A request of contact-1; answers its number once it is decided on."""
        body = {"customer_id": "customer-1", "contact_id": "contact-1", "plan_family": self.plan.family}
        number = str((await self.post("intake", "/v1/tickets", body | {"subject": subject} | facts))["ticket_no"])
        await self.system.settle()
        return number

    async def decided(self, ticket_no: str) -> dict[str, Any]:
        """The decision that stands."""
        return dict((await self.get("entitlement", f"/v1/decisions/{ticket_no}"))["current"])

    async def letters(self, template: str) -> list[Letter]:
        """What was written by a template, as its recipients read it."""
        runtime = self.system.services["intake"].runtime
        composer = Composer(Known(runtime), runtime.vault)
        asked = [each for each in await runtime.log.read(0, 10_000) if isinstance(each.event, MailRequested)]
        written = [await composer.compose(each) for each in asked if each.event.template == template]
        return [letter for letter in written if letter is not None]

    async def said(self, service: str, *types: Any) -> list[Any]:
        return await self.system.services[service].events(*types)


OpenCounter = Callable[..., Awaitable[Counter]]


@pytest.fixture
async def counter(service_database: MakeDatabase) -> AsyncIterator[OpenCounter]:
    """`await counter("svt")` opens it under that family's terms, with intake and entitlement, and others by name."""
    async with AsyncExitStack() as stack:

        async def make(family: str, *others: str) -> Counter:
            names = ("intake", "entitlement", *others)
            databases = {name: await service_database(name, [PARTS[name].migrations]) for name in names}
            system = await stack.enter_async_context(alive(databases))
            return await Counter(system, (PLANS / f"{family}.toml").read_text("utf-8")).open()

        yield make
