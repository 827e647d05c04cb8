"""Nothing of another provider or customer is ever visible: every route of every service, tried by all who must not.

To put a service under this test, add its `House` to HOUSES (see kippu_service.testing.tenancy).
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI
from kippu_events.log.postgres import PostgresLog
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.http import Command, Query, command, query
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller, runtime_on, sample
from kippu_service.testing.projecting import project
from kippu_service.testing.tenancy import House, break_in
from starlette.responses import Response


async def fill_sample(service: Service, runtime: Runtime, app: FastAPI) -> None:
    async with Caller(app) as desk:
        (await desk.post("/v1/contacts", json=SAMPLE_CONTACT)).raise_for_status()
    await project(service, runtime)


SAMPLE_CONTACT = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "name": "Contact One",
    "mail": "contact-1@one.example",
    "language": "tlh",
}
OTHER_CONTACT = SAMPLE_CONTACT | {"name": "Contact Two", "language": "en"}

SAMPLE = House(
    log="sample",
    migrations=sample.MIGRATIONS,
    build=sample.build,
    fill=fill_sample,
    path={"contact_id": "contact-1"},
    bodies={
        "POST /v1/contacts": OTHER_CONTACT,
        "POST /v1/contacts/{contact_id}/replace": OTHER_CONTACT,
        "POST /v1/contacts/import": [OTHER_CONTACT],
    },
    secrets=["Contact One", "tlh"],
)

HOUSES = {"sample": SAMPLE}


@pytest.fixture
async def runtime_of(service_database: MakeDatabase) -> AsyncIterator[Callable[[House], Any]]:
    """A runtime on a database and a log of its own."""
    opened: list[Any] = []

    async def make(house: House) -> Runtime:
        database = await service_database(house.log, [house.migrations])
        log = await PostgresLog(house.log, database.writer_url).__aenter__()
        context = runtime_on(database, log)
        opened.append((context, log))
        return await context.__aenter__()

    yield make
    for context, log in opened:
        await context.__aexit__(None, None, None)
        await log.close()


@pytest.mark.parametrize("name", HOUSES)
async def test_nobody_gets_at_what_is_another_customers(runtime_of: Callable[[House], Any], name: str) -> None:
    house = HOUSES[name]
    assert await break_in(house, await runtime_of(house)) == []


leaky = APIRouter(prefix="/v1")


@leaky.get("/all")
async def everything(query: Annotated[Query, query("contacts:read")]) -> list[str]:
    """Reads past row-level security."""
    return [row["language"] for row in await query.runtime.writers.fetch("select language from read.contacts")]


@leaky.get("/known/{contact_id}")
async def known(contact_id: str, query: Annotated[Query, query("contacts:read")]) -> Response:
    """Tells by its status that there is such a thing."""
    found = await query.runtime.writers.fetchval("select true from read.contacts where contact_id = $1", contact_id)
    return Response(status_code=403 if found and query.provider != "iij" else 200)


@leaky.post("/touch/{contact_id}")
async def touch(contact_id: str, command: Annotated[Command, command("contacts:write")]) -> Response:
    """Writes to whatever provider's stream there is, and never looks whose customer it is."""

    async def decide(work: Any) -> dict[str, Any]:
        stream = await work.load(sample.CONTACT, "iij", f"contact-iij-{contact_id}")
        body = sample.NewContact(**OTHER_CONTACT)
        work.record(stream, sample._added("iij", body, work))
        return {}

    return await command.run(b"", decide, status=200)


@leaky.post("/forgotten")
async def forgotten(command: Annotated[Command, command("contacts:write")]) -> Response:
    """A route that nobody thought of when the house was described."""
    raise NotImplementedError


@leaky.get("/unguarded")
async def unguarded() -> list[str]:
    """A route without a token."""
    return []


async def test_a_service_that_leaks_is_found_out(runtime_of: Callable[[House], Any]) -> None:
    def build(runtime: Runtime) -> Service:
        return replace(sample.build(runtime), routers=[leaky, sample.router])

    house = replace(
        SAMPLE,
        build=build,
        bodies={**SAMPLE.bodies, "POST /v1/touch/{contact_id}": {}},
        secrets=[*SAMPLE.secrets, "xyz"],
    )
    found = "\n".join(await break_in(house, await runtime_of(house)))
    for fault in (
        "GET /v1/all as another provider: got 'tlh'",
        "GET /v1/all as a partner with another customer: got 'tlh'",
        "GET /v1/known/{contact_id} as another provider: 403",
        "kippu.entitlement.ContactAdded.v1 on contact-iij-contact-1 as another provider",
        "kippu.entitlement.ContactAdded.v1 on contact-iij-contact-1 as a partner without customers",
        "POST /v1/forgotten: the house gives no body",
        "GET /v1/unguarded without a token: 200 instead of 401",
        "'xyz' is not shown to the owner either",
    ):
        assert fault in found
