"""A durable `POST /v1/tickets` with token, idempotency and encryption, against a POST that does nothing.

Both are answered by the same server in one process; the clients are a process of their own, 32 connections that each
wait for their answer. In turns, so that both see the same machine.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from fastapi import FastAPI
from figures import Figure, run, server, show, spread
from kippu.compose import House, built, token_maker
from kippu.ground import prepare
from kippu.plans import plan_files, publish_one
from kippu_events.catalogue.entitlement import ContactAdded, CustomerRegistered
from kippu_events.replay import replay
from kippu_events.work import Cause, Fold, Work
from kippu_privacy import Plain
from kippu_service.application import create_app
from kippu_service.server import Servers, stay_up
from kippu_service.settings import Settings
from pydantic import BaseModel

CONNECTIONS = 32
PROVIDER, CUSTOMER, CONTACT, FAMILY = "iij", "customer-1", "contact-1", "iij-se"
TICKET = {
    "customer_id": CUSTOMER,
    "contact_id": CONTACT,
    "plan_family": FAMILY,
    "subject": "Link is down",
    "category": "fault",
    "asset_serial": "SN-1001",
}


class Anything(BaseModel):
    customer_id: str
    contact_id: str
    plan_family: str
    subject: str
    category: str
    asset_serial: str


def idle_app() -> FastAPI:
    app = FastAPI()

    @app.post("/v1/tickets", status_code=201)
    async def nothing(body: Anything) -> dict[str, str]:
        return {"ticket_no": "KP-0000-0000"}

    return app


async def ask(address: str, token: str, requests: int, mark: str) -> float:
    """Sends so many requests over kept connections; answers how many a second were answered 201."""
    host, _, port = address.removeprefix("http://").partition(":")
    body = orjson.dumps(TICKET)
    numbers = iter(range(requests))

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for number in numbers:
            writer.write(
                f"POST /v1/tickets HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
                f"Idempotency-Key: {mark}-{number}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
            assert head.startswith(b"HTTP/1.1 201"), answer
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*[client() for _ in range(CONNECTIONS)])
    return requests / (time.perf_counter() - start)


async def asking(address: str, token: str, requests: str, mark: str) -> list[Figure]:
    """The clients' process."""
    print(await ask(address, token, int(requests), mark))
    return []


async def rate(address: str, token: str, requests: int, mark: str) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "ask", address, token, str(requests), mark, stdout=PIPE
    )
    said, _ = await process.communicate()
    return float(said)


@asynccontextmanager
async def desk(admin_url: str) -> AsyncIterator[tuple[House, str]]:
    """Intake, which knows the terms and a contact; and a token for a client of it."""
    with TemporaryDirectory(prefix="kippu-bench-") as folder:
        settings = Settings.model_validate(
            {"data_dir": folder, "prefix": "posts", "intake_port": 0, "plans_dir": Path("plans")}
        )
        databases = await prepare(admin_url, settings)
        async with built(settings, databases, ["intake", "entitlement"]) as house:
            await _know(house)
            maker = token_maker(settings)
            assert maker is not None
            yield house, maker.mint(client_id="portal-1", provider=PROVIDER)


async def _know(house: House) -> None:
    """What intake has heard from entitlement: projected directly, since nothing runs here but the API."""

    for file in plan_files(house.settings):
        await publish_one(house, file)
    entitlement = house.runtimes["entitlement"]
    anything = Fold(str, str, lambda state, event: state, version=1)
    key = f"customer-{PROVIDER}-{CUSTOMER}"

    async def register(work: Work) -> None:
        stream = await work.load(anything, PROVIDER, key)
        now = datetime.now(UTC)
        work.record(
            stream,
            CustomerRegistered(
                occurred_at=now, customer_id=CUSTOMER, name=Plain(key, "Customer"), language="en", country="TH",
                salesperson_id="sales-1", salesperson_name=Plain(key, "Salesperson One"),
                salesperson_mail=Plain(key, "sales-1@iij.example"),
            ),
            ContactAdded(
                occurred_at=now, customer_id=CUSTOMER, contact_id=CONTACT, name=Plain(key, "Contact"),
                mail=Plain(key, "contact-1@customer-1.example"), language="en",
            ),
        )  # fmt: skip

    await entitlement.worker.run(Cause("bench:register", "bench"), register)
    intake = house.services["intake"]
    connection = await house.runtimes["intake"].connect_writer()
    heard = [projector for projector in intake.projectors if projector.logs == ("entitlement",)]
    await replay(house.logs, heard, connection)
    await connection.close()


async def measure(admin_url: str, rounds: int, requests: int) -> list[Figure]:
    async with desk(admin_url) as (house, token):
        intake = create_app(house.services["intake"], house.runtimes["intake"])
        ratios = []
        async with Servers({"intake": (intake, 0), "idle": (idle_app(), 0)}) as servers:
            stay_up()
            for number in range(-1, rounds):
                ours = await rate(servers.addresses["intake"], token, requests, f"round{number}")
                idle = await rate(servers.addresses["idle"], token, requests, f"round{number}")
                if number >= 0:  # the first one warms up
                    ratios.append(ours / idle)
                    print(f"POST /v1/tickets {ours:8,.0f}/s   nothing {idle:8,.0f}/s")
    return [
        Figure(f"durable POST /v1/tickets, {CONNECTIONS} connections, to one that does nothing", spread(ratios), "0.4")
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        run(asking(*sys.argv[2:]))
    else:
        with server() as admin_url:
            show(run(measure(admin_url, rounds=6, requests=3000)))
