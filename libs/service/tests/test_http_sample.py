"""HTTP as every service speaks it, seen on the sample service with a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from kippu_events.log.memory import MemoryLog
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.application import create_app
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller, runtime_on
from kippu_service.testing.projecting import project
from kippu_service.testing.sample import MIGRATIONS, build


@dataclass
class Sample:
    runtime: Runtime
    service: Service
    app: FastAPI

    async def project(self) -> None:
        await project(self.service, self.runtime)


@pytest.fixture
async def sample(service_database: MakeDatabase) -> AsyncIterator[Sample]:
    database = await service_database("sample", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("sample")) as runtime:
        service = build(runtime)
        yield Sample(runtime, service, create_app(service, runtime))


def contact(number: int = 1, customer: str = "customer-1", **changed: object) -> dict[str, object]:
    return {
        "customer_id": customer,
        "contact_id": f"contact-{number}",
        "name": f"Contact {number}",
        "mail": f"contact-{number}@one.example",
        "language": "en",
    } | changed


async def test_a_write_answers_where_it_stands_and_a_read_can_wait_for_it(sample: Sample) -> None:
    async with Caller(sample.app) as caller:
        written = await caller.post("/v1/contacts", json=contact())
        assert (written.status_code, written.json()) == (201, {"contact_id": "contact-1"})
        assert written.headers["etag"] == '"1"'
        assert written.headers["location"] == "/v1/contacts/contact-1"

        position = {"Kippu-Min-Position": written.headers["kippu-position"]}
        read = asyncio.create_task(caller.get("/v1/contacts/contact-1", headers=position))
        await asyncio.sleep(0.05)
        assert not read.done()  # the projector has not come so far
        await sample.project()
        answer = await read
    assert answer.json() == {
        "contact_id": "contact-1", "customer_id": "customer-1", "name": "Contact 1", "language": "en"
    }  # fmt: skip
    assert answer.headers["etag"] == '"1"'
