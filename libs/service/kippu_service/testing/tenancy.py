"""Breaks in: tries every route of a service as everybody to whom the data does not belong, and reports what it got.

A service registers a `House` (how it is built, what one customer has in it) in `tests/contract/test_http_tenancy.py`.
Routes are taken from the application itself, so a new route is tried without anybody thinking of it; a route that the
house gives no body or path value for is reported, too.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from kippu_events.envelope import Envelope

from kippu_service.application import create_app
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller

OPEN = frozenset({"GET /health/live", "GET /health/ready", "GET /metrics"})
"""Routes of every service that need no token, and tell nothing of anybody."""
DATA_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


_BLOBS = "select count(*) from blob.blob where provider = $1"


@dataclass(frozen=True)
class House:
    """A service with one customer's data in it.

    `secrets` are texts of that data that no request contains: whoever is not the customer must never get one. Each
    must be seen by the provider's own people on some route, or not finding it would prove nothing.
    """

    log: str
    migrations: Path
    build: Callable[[Runtime], Service]
    fill: Callable[[Service, Runtime, FastAPI], Awaitable[Mapping[str, str]]]
    """Makes the data, read models included. Answers the customer's own ids by path parameter, all of them unlike any
    other text; `POST /v1/things/{id}:id` gives one to one route alone."""
    bodies: Mapping[str, Any]
    """A body that is good, by route, such as `POST /v1/tickets`."""
    secrets: Sequence[str]
    shared: frozenset[str] = frozenset()
    """Routes that show what is the provider's (its plans, say) to all of its partners."""
    provider: str = "iij"
    customer: str = "customer-1"
    open: frozenset[str] = field(default=OPEN)


@dataclass(frozen=True)
class Burglar:
    """Who tries. `customers` is None for another provider's own people."""

    name: str
    provider: str
    customers: tuple[str, ...] | None


@dataclass(frozen=True)
class Door:
    """A route, and the request that a good caller would send."""

    name: str
    method: str
    url: str
    body: Any
    leads_nowhere: str | None = None
    """Where the path names a thing of the owner's: the same request for a thing that does not exist."""

    @property
    def leads_to_one(self) -> bool:
        return self.leads_nowhere is not None


async def break_in(house: House, runtime: Runtime) -> list[str]:
    """What is wrong, a line each; empty if nobody got anything."""
    service = house.build(runtime)
    app = create_app(service, runtime)
    owned = await house.fill(service, runtime, app)
    doors, faults = _doors(house, app, owned)
    faults += await without_a_right(app, but=house.open)
    for burglar in _burglars(house):
        faults += await _as(burglar, app, house, runtime, doors, [house.customer, *owned.values()])
    # Last, since it changes things: the good caller shows that the requests were worth trying.
    faults += await _as_the_owner(app, house, doors)
    return faults


def _burglars(house: House) -> list[Burglar]:
    return [
        Burglar("another provider", "other", None),
        Burglar("another provider's partner with a customer of the same id", "other", (house.customer,)),
        Burglar("a partner with another customer", house.provider, ("another-customer",)),
        Burglar("a partner without customers", house.provider, ()),
    ]


def _doors(house: House, app: FastAPI, owned: Mapping[str, str]) -> tuple[list[Door], list[str]]:
    doors, faults = [], []
    for name, path in _routes(app):
        if name in house.open:
            continue
        method = name.split(" ")[0]
        parameters = [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]
        values = {p: owned.get(f"{name}:{p}", owned.get(p)) for p in parameters}
        missing = [parameter for parameter, value in values.items() if value is None]
        if missing:
            faults.append(f"{name}: the house gives no value for {', '.join(missing)}")
        elif method != "GET" and name not in house.bodies:
            faults.append(f"{name}: the house gives no body")
        else:
            given = {parameter: str(value) for parameter, value in values.items()}
            nothing = {parameter: _other(value) for parameter, value in given.items()}
            leads_nowhere = _filled(path, nothing) if parameters else None
            doors.append(Door(name, method, _filled(path, given), house.bodies.get(name), leads_nowhere))
    return doors, faults


def _filled(path: str, values: Mapping[str, str]) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", lambda parameter: values[parameter[1]], path)


def _other(identifier: str) -> str:
    """An id of the same form that nothing has."""
    last = identifier[-1]
    alike = "89" if last.isdigit() else "BA" if last.isupper() else "ba"
    return identifier[:-1] + (alike[0] if last != alike[0] else alike[1])


def _routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            for method in sorted(set(route.methods or ()) & set(DATA_METHODS)):
                yield f"{method} {context.path_format}", str(context.path_format)


async def _try(caller: httpx.AsyncClient, door: Door, url: str | None = None, **headers: str) -> httpx.Response:
    return await caller.request(door.method, url or door.url, json=door.body, headers=headers)


async def _tells_apart(caller: httpx.AsyncClient, door: Door) -> str | None:
    """What differs between a thing that is another's and one that does not exist, also for whoever names a version."""
    if door.leads_nowhere is None:
        return None
    for headers in ({}, {"if-match": '"1"'}, {"if-none-match": '"1"'}):
        theirs = await _try(caller, door, **headers)
        nothing = await _try(caller, door, door.leads_nowhere, **headers)
        if _said(theirs, door.url) != _said(nothing, door.leads_nowhere):
            return f"{headers}: {theirs.status_code} {theirs.text[:200]}, but {nothing.status_code} for nothing"
    return None


def _said(answer: httpx.Response, url: str) -> str:
    """An answer without what the caller itself sent, and without the number of the request."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name != "content-length")
    text = f"{answer.status_code} {headers} {answer.text}"
    for part in sorted({url, *url.split("/")}, key=len, reverse=True):
        text = text.replace(part, "") if len(part) > 3 else text
    return re.sub(r"urn:uuid:[0-9a-f-]{36}", "", text)


def _holds(answer: httpx.Response, text: str) -> bool:
    return text.encode() in answer.content + repr(answer.headers.raw).encode()


async def without_a_right(app: FastAPI, *, but: frozenset[str] = OPEN) -> list[str]:
    """Which routes, other than those that are meant to be open, answer without a token, or without its scope."""
    faults = []
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://kippu.example") as nobody,
        Caller(app, scopes=["nothing:read"]) as clerk,
    ):
        for name, path in _routes(app):
            door = Door(name, name.split(" ")[0], re.sub(r"{.*?}", "anything", path), {})
            for caller, who, wanted in ((nobody, "without a token", 401), (clerk, "without a scope", 403)):
                answer = await _try(caller, door)
                if name not in but and answer.status_code != wanted:
                    faults.append(f"{name} {who}: {answer.status_code} instead of {wanted}")
    return faults


async def _as(
    burglar: Burglar, app: FastAPI, house: House, runtime: Runtime, doors: Sequence[Door], owned: Sequence[str]
) -> list[str]:
    faults = []
    before = (await runtime.log.head()).position
    blobs = await runtime.writers.fetchval(_BLOBS, house.provider)
    async with Caller(app, burglar.provider, customers=burglar.customers, client_id="burglar") as caller:
        for door in doors:
            answer = await _try(caller, door)
            where = f"{door.name} as {burglar.name}"
            may_share = door.name in house.shared and burglar.provider == house.provider
            # Who asks for nothing in particular must not be told the owner's ids either.
            hidden = [*house.secrets, *(owned if door.method == "GET" and not door.leads_to_one else ())]
            if not may_share:
                faults += [f"{where}: got {text!r}" for text in hidden if _holds(answer, text)]
            if not (may_share or _is_expected(burglar, door, answer)):
                faults.append(f"{where}: {answer.status_code} {answer.text[:200]}")
            # Another provider's writes are about things of its own, whatever their ids.
            comparable = not may_share and (burglar.provider == house.provider or door.method == "GET")
            if comparable and (difference := await _tells_apart(caller, door)):
                faults.append(f"{where}: tells that it exists by {difference}")
    if await runtime.writers.fetchval(_BLOBS, house.provider) != blobs:
        faults.append(f"something was stored as {burglar.name}")
    written = await runtime.log.read(before, 10_000)
    stolen = [event for event in written if _is_theft(burglar, house, event, owned)]
    return faults + [f"{event.type} on {event.stream} as {burglar.name}" for event in stolen]


def _is_expected(burglar: Burglar, door: Door, answer: httpx.Response) -> bool:
    """Not found, or a list without the owner's, or something of the burglar's own; no other 403 than to partners."""
    if answer.status_code == 403:
        return burglar.customers is not None and b"urn:kippu:problem:staff_only" in answer.content
    if door.method == "GET":
        return answer.status_code == (404 if door.leads_to_one else 200)
    # What it wrote is looked at in the log.
    return answer.is_success or answer.status_code in (404, 409, 422)


def _is_theft(burglar: Burglar, house: House, event: Envelope, owned: Sequence[str]) -> bool:
    """Whether a burglar's event reached the owner's provider, or names what is the owner's."""
    if event.provider != burglar.provider:
        return True
    if burglar.provider != house.provider:
        return False  # in its own provider's room everybody may use the same ids
    return any(f'"{name}"'.encode() in event.data or event.stream.endswith(f"-{name}") for name in owned)


async def _as_the_owner(app: FastAPI, house: House, doors: Sequence[Door]) -> list[str]:
    faults = []
    seen: set[str] = set()
    async with Caller(app, house.provider) as caller:
        for door in sorted(doors, key=lambda door: door.method != "GET"):
            answer = await _try(caller, door)
            seen.update(secret for secret in house.secrets if _holds(answer, secret))
            if not answer.is_success and answer.status_code != 409:
                faults.append(
                    f"{door.name}: the owner got {answer.status_code}, so nothing was tried: {answer.text[:200]}"
                )
    return faults + [f"{secret!r} is not shown to the owner either" for secret in house.secrets if secret not in seen]
