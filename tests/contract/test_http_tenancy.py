"""Nothing of another provider or customer is ever visible: every route of every service, tried by all who must not.

To put a service under this test, add its `House` to HOUSES (see kippu_service.testing.tenancy).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import kippu_billing.app
import kippu_console.app
import kippu_dispatch.app
import kippu_entitlement.app
import kippu_intake.app
import pytest
from fastapi import APIRouter, FastAPI
from kippu_entitlement.testing import World
from kippu_entitlement.testing.desk import ASSET_BODY, CUSTOMER_BODY, ORDER_BODY, Desk
from kippu_events.log.memory import MemoryLog
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.application import create_app
from kippu_service.http import Command, Query, command, query
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller, runtime_on, sample
from kippu_service.testing.projecting import project
from kippu_service.testing.tenancy import OPEN, House, break_in, without_a_right
from starlette.responses import Response

PLAN_TEXT = (Path(__file__).parents[2] / "plans" / "iij-se.toml").read_text()
NOON = datetime(2026, 11, 18, 5, tzinfo=UTC)


async def fill_sample(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    async with Caller(app) as desk:
        (await desk.post("/v1/contacts", json=SAMPLE_CONTACT)).raise_for_status()
    await project(service, runtime)
    return {"contact_id": "contact-1"}


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
    bodies={
        "POST /v1/contacts": OTHER_CONTACT,
        "POST /v1/contacts/{contact_id}/replace": OTHER_CONTACT,
        "POST /v1/contacts/import": [OTHER_CONTACT],
    },
    secrets=["Contact One", "tlh"],
)


async def fill_entitlement(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    """A customer with a device and a paid order, and a request that waits for an approval."""
    clock = runtime.clock
    assert isinstance(clock, VirtualClock)
    world = World(PLAN_TEXT, clock, runtime.log, runtime.vault)
    desk = await Desk(runtime, service, app, world).begin()
    order_id = await desk.buy()
    await world.tell(world.opening("KP-7777-0001", category="preventive_maintenance"))
    await desk.settle()
    approval = await runtime.writers.fetchval("select approval_id from read.approval")
    return {
        "customer_id": "customer-1",
        "serial": "DEVICE-1",
        "order_id": order_id,
        "wallet_id": "customer-1.iij-se",
        "ticket_no": "KP-7777-0001",
        "approval_id": approval,
        "family": "iij-se",
        "version": "2025-04-01",
    }


ENTITLEMENT = House(
    log="entitlement",
    migrations=kippu_entitlement.app.MIGRATIONS,
    build=kippu_entitlement.app.build,
    fill=fill_entitlement,
    bodies={
        "POST /v1/customers": CUSTOMER_BODY,
        "POST /v1/customers/{customer_id}/contacts": {
            "id": "contact-2",
            "name": "Contact Two",
            "mail": "two@other.example",
            "language": "en",
        },
        "POST /v1/assets": ASSET_BODY,
        "POST /v1/orders": ORDER_BODY,
        "POST /v1/plans": {"source": PLAN_TEXT},
        "POST /v1/decisions/preview": {
            "plan_family": "iij-se",
            "request": {"received_at": NOON.isoformat(), "category": "question"},
        },
        "POST /v1/approvals/{approval_id}": {"decision": "grant"},
    },
    secrets=["Customer One", "Contact One", "one@customer-1.example", "Salesperson One", "Switch 24"],
    shared=frozenset({"GET /v1/plans", "GET /v1/plans/{family}/{version}"}),
)

HOUSES = {"sample": SAMPLE, "entitlement": ENTITLEMENT}


@pytest.fixture
async def runtime_of(service_database: MakeDatabase) -> AsyncIterator[Callable[[House], Any]]:
    """A runtime on a database and a log of its own."""
    opened: list[Any] = []

    async def make(house: House) -> Runtime:
        database = await service_database(house.log, [house.migrations])
        log = await PostgresLog(house.log, database.writer_url).__aenter__()
        context = runtime_on(database, log, clock=VirtualClock(NOON))
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


SERVICES = {
    "intake": (kippu_intake.app, OPEN),
    "entitlement": (kippu_entitlement.app, OPEN),
    "dispatch": (kippu_dispatch.app, OPEN),
    "billing": (kippu_billing.app, OPEN),
    "console": (kippu_console.app, OPEN | {"GET /sign-in", "POST /sign-in", "GET /style.css"}),
}
"""Every service, and what it shows to anybody."""


@pytest.mark.parametrize("name", SERVICES)
async def test_every_route_needs_a_token_with_its_scope(service_database: MakeDatabase, name: str) -> None:
    module, shown_to_anybody = SERVICES[name]
    database = await service_database(name, [Path(str(module.__file__)).parent / "migrations"])
    async with runtime_on(database, MemoryLog(name)) as runtime:
        app = create_app(module.build(runtime), runtime)
        assert await without_a_right(app, but=shown_to_anybody) == []


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
