"""The sample service, by which the harness itself is tested."""

from collections.abc import Mapping

from fastapi import FastAPI
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller, sample
from kippu_service.testing.projecting import project
from kippu_service.testing.tenancy import House


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    async with Caller(app) as desk:
        (await desk.post("/v1/contacts", json=CONTACT)).raise_for_status()
    await project(service, runtime)
    return {"contact_id": "contact-1"}


CONTACT = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "name": "Contact One",
    "mail": "contact-1@one.example",
    "language": "tlh",
}
OTHER_CONTACT = CONTACT | {"name": "Contact Two", "language": "en"}

SAMPLE = House(
    log="sample",
    migrations=sample.MIGRATIONS,
    build=sample.build,
    fill=fill,
    bodies={
        "POST /v1/contacts": OTHER_CONTACT,
        "POST /v1/contacts/{contact_id}/replace": OTHER_CONTACT,
        "POST /v1/contacts/import": [OTHER_CONTACT],
    },
    secrets=["Contact One", "tlh"],
)
