"""Customers and their contacts. The provider's people register customers; a partner may add contacts to its own."""

from typing import Annotated, Any

from fastapi import APIRouter
from kippu_events.work import Stream, Work
from kippu_service.http import Command, Identifier, Input, Line, Query, command, not_found, query
from kippu_terms.value import Flag
from pydantic import BaseModel, Field
from starlette.responses import Response

from kippu_entitlement import folds
from kippu_entitlement.domain import contact, customer, streams
from kippu_entitlement.domain.checks import Checks
from kippu_entitlement.domain.checks import not_found as no_such

router = APIRouter(tags=["customers"])


class PersonInput(Input):
    id: Identifier
    name: Line
    mail: Line


class ContactInput(PersonInput):
    language: Line
    telephone: Line | None = None

    def contact(self) -> contact.Contact:
        return contact.Contact(self.id, self.name, self.mail, self.language, self.telephone)


class CustomerInput(Input):
    customer_id: Identifier
    name: Line
    language: Line
    country: Line
    salesperson: PersonInput
    contacts: Annotated[tuple[ContactInput, ...], Field(max_length=customer.MAX_CONTACTS)] = ()
    competitor: Flag = False
    """True if it is to be marked as a competitor of the provider's, whom the terms may refuse some services."""


class PersonShown(BaseModel):
    """A name is null once its person was erased."""

    id: str
    name: str | None
    mail: str | None


class ContactShown(PersonShown):
    telephone: str | None
    language: str


class CustomerShown(BaseModel):
    customer_id: str
    name: str | None
    language: str
    country: str
    salesperson: PersonShown
    contacts: list[ContactShown]


class CustomerRef(BaseModel):
    customer_id: str


class MarkInput(Input):
    competitor: bool


class MarkRef(CustomerRef):
    competitor: bool


class ContactRef(CustomerRef):
    contact_id: str


@router.post("/v1/customers", status_code=201, response_model=CustomerRef)
async def register(
    body: CustomerInput, command: Annotated[Command, command("customers:write", staff=True)]
) -> Response:
    """Registers a customer with its salesperson and first contacts."""

    async def decide(work: Work) -> dict[str, Any]:
        name = streams.customer(command.provider, body.customer_id)
        stream = await work.load(folds.CUSTOMER, command.provider, name)
        command.expect(stream)
        work.record(stream, *customer.register(stream.state, _registration(command.provider, body), work.now))
        for each in body.contacts:
            await _add(work, command.provider, body.customer_id, each.contact())
        return {"customer_id": body.customer_id}

    return await command.run(body, decide, location="/v1/customers/{customer_id}")


def _registration(provider: str, body: CustomerInput) -> customer.Register:
    return customer.Register(
        provider=provider,
        customer_id=body.customer_id,
        name=body.name,
        language=body.language,
        country=body.country,
        salesperson=contact.Person(body.salesperson.id, body.salesperson.name, body.salesperson.mail),
        contacts=[each.contact() for each in body.contacts],
        competitor=body.competitor,
    )


@router.post("/v1/customers/{customer_id}/competitor", response_model=MarkRef)
async def mark(
    customer_id: Identifier, body: MarkInput, command: Annotated[Command, command("customers:write", staff=True)]
) -> Response:
    """Marks a customer as a competitor of the provider's, or takes the mark away (CWC-20)."""

    async def decide(work: Work) -> dict[str, Any]:
        name = streams.customer(command.provider, customer_id)
        stream = await work.load(folds.CUSTOMER, command.provider, name)
        if not stream.exists:
            raise no_such("such customer")
        command.expect(stream)
        actor = command.principal.actor
        work.record(stream, *customer.mark(stream.state, competitor=body.competitor, marked_by=actor, now=work.now))
        return {"customer_id": customer_id, "competitor": body.competitor}

    return await command.run(body, decide, status=200)


@router.post("/v1/customers/{customer_id}/contacts", status_code=201, response_model=ContactRef)
async def add_contact(
    customer_id: Identifier, body: ContactInput, command: Annotated[Command, command("customers:write")]
) -> Response:
    """Adds a person whom requests may come from; a customer has 100 at most."""

    async def decide(work: Work) -> dict[str, Any]:
        command.principal.require_customer(customer_id)
        name = streams.customer(command.provider, customer_id)
        stream = await work.load(folds.CUSTOMER, command.provider, name)
        if not stream.exists:
            raise no_such("such customer")
        checks = Checks()
        contact.check_contact(checks, body.contact())
        checks.done()
        command.expect(await _add(work, command.provider, customer_id, body.contact()))
        work.record(stream, customer.name_contact(stream.state, body.id, work.now))
        return {"customer_id": customer_id, "contact_id": body.id}

    return await command.run(body, decide, location="/v1/customers/{customer_id}")


async def _add(work: Work, provider: str, customer_id: str, added: contact.Contact) -> Stream[contact.Known]:
    stream = await work.load(folds.CONTACT, provider, streams.contact(provider, added.id))
    work.record(stream, contact.add(stream.state, provider, customer_id, added, work.now))
    return stream


@router.get("/v1/customers/{customer_id}", response_model=CustomerShown)
async def show(customer_id: Identifier, query: Annotated[Query, query("customers:read")]) -> Response:
    """A customer with its salesperson and contacts, in the clear as far as the persons were not erased."""
    async with query.snapshot() as snapshot:
        found = await snapshot.fetchrow("select * from read.customer where customer_id = $1", customer_id)
        contacts = await snapshot.fetch(
            'select * from read.contact where customer_id = $1 order by contact_id collate "C"', customer_id
        )
    if found is None:
        raise not_found()
    sealed = [found["name"], found["salesperson_name"], found["salesperson_mail"]]
    for each in contacts:
        sealed += [each["name"], each["mail"], each["telephone"]]
    name, sales_name, sales_mail, *rest = await query.runtime.vault.open_carried(sealed)
    opened = zip(contacts, zip(rest[::3], rest[1::3], rest[2::3], strict=True), strict=True)
    shown = CustomerShown(
        customer_id=customer_id,
        name=name,
        language=found["language"],
        country=found["country"],
        salesperson=PersonShown(id=found["salesperson_id"], name=sales_name, mail=sales_mail),
        contacts=[
            ContactShown(id=each["contact_id"], name=who, mail=mail, telephone=telephone, language=each["language"])
            for each, (who, mail, telephone) in opened
        ],
    )
    return query.answer(shown)
