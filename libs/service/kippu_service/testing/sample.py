"""A service as small as one can be, and whole: a write, a list, a page of it, one thing, a staff-only write.

Tests of what all services share run on it, so that they need none of the real ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from asyncpg import Connection, Record
from fastapi import APIRouter
from kippu_events.catalogue.entitlement import ContactAdded
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry
from kippu_events.work import Fold, Work
from kippu_privacy import Plain
from kippu_terms.refusal import Fault, Refused
from starlette.responses import Response

from kippu_service.http import (
    Command,
    Identifier,
    Input,
    Line,
    Page,
    PageOf,
    Query,
    command,
    not_found,
    paged,
    query,
)
from kippu_service.runtime import Runtime
from kippu_service.service import Service

MIGRATIONS = Path(__file__).parent / "sample_migrations"


@dataclass(frozen=True)
class Contact:
    customer_id: str | None = None
    language: str | None = None


def _evolve(state: Contact, event: Event) -> Contact:
    match event:
        case ContactAdded():
            return Contact(event.customer_id, event.language)
    return state


CONTACT = Fold(Contact, Contact, _evolve, version=1)


class NewContact(Input):
    customer_id: Identifier
    contact_id: Identifier
    name: Line
    mail: Line
    language: Line


class Language(Input):
    language: Line


class ShownContact(Input):
    contact_id: str
    customer_id: str
    name: str | None
    language: str


class Contacts(Projector):
    name: ClassVar[str] = "contacts"
    logs: ClassVar[tuple[str, ...]] = ("sample",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (ContactAdded,)
    tables: ClassVar[tuple[str, ...]] = ("contacts",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        rows = [
            (e.provider, e.event.contact_id, e.event.customer_id, carry(e, "name"), e.event.language, e.version)
            for e in batch
            if isinstance(e.event, ContactAdded)
        ]
        await connection.executemany(
            "insert into read.contacts values ($1, $2, $3, $4, $5, $6) on conflict (provider, contact_id)"
            " do update set name = excluded.name, language = excluded.language, version = excluded.version",
            rows,
        )


router = APIRouter(prefix="/v1")

CanWrite = Annotated[Command, command("contacts:write")]
StaffWrites = Annotated[Command, command("contacts:write", staff=True)]
CanRead = Annotated[Query, query("contacts:read")]


def _added(provider: str, body: NewContact, work: Work) -> ContactAdded:
    subject = f"contact-{provider}-{body.contact_id}"
    return ContactAdded(
        occurred_at=work.now,
        customer_id=body.customer_id,
        contact_id=body.contact_id,
        name=Plain(subject, body.name),
        mail=Plain(subject, body.mail),
        language=body.language,
    )


@router.post("/contacts", status_code=201)
async def add(body: NewContact, command: CanWrite) -> Response:
    command.principal.require_customer(body.customer_id)

    async def decide(work: Work) -> dict[str, Any]:
        stream = await work.load(CONTACT, command.provider, f"contact-{command.provider}-{body.contact_id}")
        if stream.exists:
            raise Refused(Fault("exists", "there is such a contact already", "contact_id"), kind="conflict")
        work.record(stream, _added(command.provider, body, work))
        return {"contact_id": body.contact_id}

    return await command.run(body, decide, location="/v1/contacts/{contact_id}")


@router.post("/contacts/{contact_id}/replace")
async def replace(contact_id: Identifier, body: NewContact, command: StaffWrites) -> Response:
    async def decide(work: Work) -> dict[str, Any]:
        stream = await work.load(CONTACT, command.provider, f"contact-{command.provider}-{contact_id}")
        if not stream.exists:
            raise not_found()
        command.expect(stream)
        work.record(stream, _added(command.provider, body, work))
        return {"contact_id": contact_id}

    return await command.run(body, decide, status=200)


@router.post("/contacts/import", status_code=200, max_body_size=2 * 1024 * 1024)
async def take_in(body: list[NewContact], command: StaffWrites) -> Response:
    async def decide(work: Work) -> dict[str, Any]:
        for one in body:
            stream = await work.load(CONTACT, command.provider, f"contact-{command.provider}-{one.contact_id}")
            work.record(stream, _added(command.provider, one, work))
        return {"taken": len(body)}

    content = b"".join(one.model_dump_json().encode() for one in body)
    return await command.run(content, decide, status=200)


@router.get("/contacts")
async def several(query: CanRead, page: Annotated[Page, paged(language=str, contact_id=str)]) -> PageOf[ShownContact]:
    rows = await query.fetch(
        "select * from read.contacts where $1::text is null or (language, contact_id) > ($1, $2)"
        " order by language, contact_id limit $3",
        *page.after,
        page.fetch_limit,
    )
    names = await query.runtime.vault.open_carried([row["name"] for row in rows])
    by_id = dict(zip((row["contact_id"] for row in rows), names, strict=True))
    return page.of(rows, lambda row: _shown(row, by_id[row["contact_id"]]))


@router.get("/contacts/{contact_id}", response_model=ShownContact)
async def one(contact_id: Identifier, query: CanRead) -> Response:
    row = await query.fetchrow("select * from read.contacts where contact_id = $1", contact_id)
    if row is None:
        raise not_found()
    [name] = await query.runtime.vault.open_carried([row["name"]])
    return query.answer(_shown(row, name), version=row["version"])


def _shown(row: Record, name: str | None) -> ShownContact:
    return ShownContact(
        contact_id=row["contact_id"], customer_id=row["customer_id"], name=name, language=row["language"]
    )


def build(runtime: Runtime) -> Service:
    return Service(name="sample", migrations=MIGRATIONS, routers=[router], projectors=[Contacts()])
