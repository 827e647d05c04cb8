"""Nothing of another provider or customer is ever visible: every route of every service, tried by all who must not.

A service is put under this test by its `House` in `houses/`. A route that its house knows no body or id for fails it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any

import pytest
from fastapi import APIRouter
from houses import HOUSES, SERVICES
from houses.sample import OTHER_CONTACT, SAMPLE
from kippu.services import PARTS
from kippu_service.http import Command, Query, command, not_found, query
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import sample
from kippu_service.testing.tenancy import House, break_in
from starlette.responses import Response

MakeRuntime = Callable[[House], Awaitable[Runtime]]


def test_every_service_has_its_house() -> None:
    assert SERVICES.keys() == PARTS.keys()


@pytest.mark.parametrize("name", HOUSES)
async def test_nobody_gets_at_what_is_another_customers(runtime_of: MakeRuntime, name: str) -> None:
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


@leaky.post("/versions/{contact_id}")
async def versions(contact_id: str, command: Annotated[Command, command("contacts:write")]) -> Response:
    """Looks at the version before it looks whose customer it is."""

    async def decide(work: Any) -> dict[str, Any]:
        stream = await work.load(sample.CONTACT, "iij", f"contact-iij-{contact_id}")
        command.expect(stream)
        raise not_found()

    return await command.run(b"", decide)


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


async def test_a_service_that_leaks_is_found_out(runtime_of: MakeRuntime) -> None:
    def build(runtime: Runtime) -> Service:
        return replace(sample.build(runtime), routers=[leaky, sample.router])

    house = replace(
        SAMPLE,
        build=build,
        bodies={**SAMPLE.bodies, "POST /v1/touch/{contact_id}": {}, "POST /v1/versions/{contact_id}": {}},
        secrets=[*SAMPLE.secrets, "xyz"],
    )
    found = "\n".join(await break_in(house, await runtime_of(house)))
    for fault in (
        "GET /v1/all as another provider: got 'tlh'",
        "GET /v1/all as a partner with another customer: got 'tlh'",
        "GET /v1/known/{contact_id} as another provider: 403",
        "kippu.entitlement.ContactAdded.v1 on contact-iij-contact-1 as another provider",
        "kippu.entitlement.ContactAdded.v1 on contact-iij-contact-1 as a partner without customers",
        "POST /v1/versions/{contact_id} as a partner with another customer: tells that it exists by {'if-match'",
        "POST /v1/forgotten: the house gives no body",
        "GET /v1/unguarded without a token: 200 instead of 401",
        "'xyz' is not shown to the owner either",
    ):
        assert fault in found
