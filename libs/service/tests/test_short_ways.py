"""A command's short way and FastAPI's own: every answer is the same, whichever a request takes."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from kippu_events.database import Database
from kippu_events.log.memory import MemoryLog
from kippu_events.testing.plugin import Templates
from kippu_service.application import create_app
from kippu_service.http.short_ways import ShortWay, ShortWays
from kippu_service.testing import Caller, runtime_on
from kippu_service.testing.sample import MIGRATIONS, CanRead, CanWrite, NewContact, build
from starlette.responses import Response

CONTACT = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "name": "Contact One",
    "mail": "contact-1@one.example",
    "language": "en",
}
SHORT, LONG = "application/json", "application/json; charset=utf-8"


@pytest.fixture(scope="module")
async def database(templates: Templates) -> AsyncIterator[Database]:
    yield await templates.clone("short_ways", (MIGRATIONS,))
    await templates.drop("short_ways")


@pytest.fixture
async def app(database: Database) -> AsyncIterator[FastAPI]:
    async with runtime_on(database, MemoryLog("sample")) as runtime:
        yield create_app(build(runtime), runtime)


async def told(app: FastAPI, content_type: str, content: bytes, **changed: Any) -> tuple[int, dict[str, Any], str]:
    """Status, document and ETag; without what is new in each problem document."""
    headers = {"content-type": content_type, "idempotency-key": "one", **changed.pop("headers", {})}
    async with Caller(app, **changed) as caller:
        answer = await caller.post("/v1/contacts", content=content, headers=headers)
    document = {name: value for name, value in answer.json().items() if name != "instance"}
    return answer.status_code, document, answer.headers.get("etag", "")


def body(**changed: Any) -> bytes:
    return orjson.dumps(CONTACT | changed)


CASES: dict[str, tuple[bytes, dict[str, Any], int]] = {
    "in order": (body(), {}, 201),
    "a field too much and one too few": (body(mail=None, color="red"), {}, 422),
    "no JSON": (b'{"customer_id": ', {}, 400),
    "nothing": (b"", {}, 422),
    "another kind of JSON": (b"[]", {}, 422),
    "no object, but a text with half a character": (b'"\\ud800"', {}, 422),
    "no scope for it": (body(), {"scopes": ["contacts:read"]}, 403),
    "malformed, and no scope for it": (body(language=7), {"scopes": ["contacts:read"]}, 403),
    "somebody else's customer": (body(), {"customers": ["customer-2"]}, 404),
    "a key that is none": (body(), {"headers": {"idempotency-key": "one two"}}, 400),
    "a token that is none": (body(), {"headers": {"authorization": "Bearer none"}}, 401),
    "a version that nothing has": (body(), {"headers": {"if-match": '"7"'}}, 400),
}


@pytest.mark.parametrize("case", CASES)
async def test_both_ways_answer_alike(app: FastAPI, case: str) -> None:
    content, changed, status = CASES[case]
    short = await told(app, SHORT, content, **changed)
    assert short == await told(app, LONG, content, **changed)  # the same key: a repeated request, if it was in order
    assert short[0] == status


async def test_a_body_beyond_what_any_route_takes_is_refused_on_both(app: FastAPI) -> None:
    large = body(name="x" * 1024 * 1024)
    assert await told(app, SHORT, large) == await told(app, LONG, large)
    assert (await told(app, SHORT, large))[0] == 413


async def test_a_body_in_chunks_is_held_to_the_limit_whatever_length_it_says(app: FastAPI) -> None:
    disguised = {"transfer-encoding": "chunked", "content-length": "10"}
    status, document, _ = await told(app, SHORT, body() + b" " * 1024 * 1024, headers=disguised)
    assert (status, document["type"]) == (413, "urn:kippu:problem:too_large")


async def test_the_short_way_is_taken_and_measured_as_the_route_it_is(app: FastAPI) -> None:
    [ways] = [route for route in app.routes if isinstance(route, ShortWays)]
    asked = []
    for content_type in (SHORT, LONG):
        scope = {"type": "http", "method": "POST", "path": "/v1/contacts"}
        headers = [(b"content-type", content_type.encode()), (b"content-length", b"10")]
        asked.append(ways.matches({**scope, "headers": headers})[0].name)
    assert asked == ["FULL", "NONE"]
    await told(app, SHORT, body())
    async with Caller(app) as caller:
        measured = (await caller.get("/metrics")).text
    assert 'kippu_http_request_seconds_count{method="POST",route="/v1/contacts",status="201"} 1.0' in measured


def test_only_functions_of_a_command_and_a_body_have_one() -> None:
    router = APIRouter()

    @router.post("/has")
    async def has(body: NewContact, command: CanWrite) -> Response:
        raise NotImplementedError

    @router.post("/limited", max_body_size=10)
    async def limited(body: NewContact, command: CanWrite) -> Response:
        raise NotImplementedError

    @router.post("/guarded", dependencies=[Depends(lambda: None)])
    async def guarded(body: NewContact, command: CanWrite) -> Response:
        raise NotImplementedError

    @router.post("/answers-a-model")
    async def answers_a_model(body: NewContact, command: CanWrite) -> NewContact:
        raise NotImplementedError

    @router.post("/several")
    async def several(body: list[NewContact], command: CanWrite) -> Response:
        raise NotImplementedError

    @router.post("/more")
    async def more(body: NewContact, command: CanWrite, dry: bool = False) -> Response:
        raise NotImplementedError

    @router.post("/reads")
    async def reads(body: NewContact, query: CanRead) -> Response:
        raise NotImplementedError

    ways = {route.path: ShortWay.of(route, 100) for route in router.routes if isinstance(route, APIRoute)}
    assert {path: way.max_body_bytes for path, way in ways.items() if way} == {"/has": 100, "/limited": 10}
