"""Each service's OpenAPI document is valid and true, and no request generated from it is answered by a fault of ours.

Schemathesis makes the requests, good and bad, about things that exist and things that do not; they go through the whole
application, to a real PostgreSQL.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urljoin

import httpx
import pytest
import requests
import schemathesis
from houses import SERVICES
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kippu_service.application import create_app
from kippu_service.runtime import Runtime
from kippu_service.testing import Caller
from kippu_service.testing.tenancy import House, Upload
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

EXAMPLES = 15
"""Requests an operation."""
HOSTILE = ["\0", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01", "9999-12-31"]
"""What is well-formed, and yet more than clocks, calendars or databases may bear."""
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
WITHOUT_OPERATIONS = {"console"}
"""Its pages are for browsers and stand in no document."""

BASE = "http://kippu.example"

Send = Callable[[schemathesis.Case], httpx.Response]


@pytest.mark.parametrize("name", SERVICES)
async def test_no_generated_request_is_answered_by_a_fault_of_ours(
    runtime_of: Callable[[House], Awaitable[Runtime]], name: str
) -> None:
    house = SERVICES[name]
    runtime = await runtime_of(house)
    service = house.build(runtime)
    app = create_app(service, runtime)
    owned = await house.fill(service, runtime, app)
    schema = from_dict(_resolved(copy.deepcopy(app.openapi())))
    schema.validate()
    assert [model for model in app.openapi().get("components", {}).get("schemas", {}) if "__" in model] == []
    operations = [operation.ok() for operation in schema.get_all_operations()]
    assert bool(operations) == (name not in WITHOUT_OPERATIONS)
    loop = asyncio.get_running_loop()
    async with Caller(app, house.provider) as caller:

        def send(case: schemathesis.Case) -> httpx.Response:
            # Hypothesis is not asynchronous: it runs in a thread, and the application here.
            return asyncio.run_coroutine_threadsafe(_send(caller, case), loop).result(30)

        for operation in operations:
            await asyncio.to_thread(_generate, operation, house, owned, send)
            for answer in [
                await caller.request(*request, **rest) for *request, rest in _hostile(operation, house, owned)
            ]:
                assert answer.status_code < 500, f"{answer.request.url} {answer.request.content!r}: {answer.text}"


def _resolved(document: dict[str, Any]) -> dict[str, Any]:
    """With the tokens' URL made absolute: OpenAPI 3.1 allows a relative one (4.6), its JSON Schema does not."""
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        flow = scheme["flows"]["clientCredentials"]
        flow["tokenUrl"] = urljoin(BASE, flow["tokenUrl"])
    return document


def _generate(operation: Any, house: House, owned: Mapping[str, str], send: Send) -> None:
    """Sends requests of all kinds to one operation. Raises what a check finds, with a command that repeats it."""
    label = f"{operation.method.upper()} {operation.path}"
    parameters = {parameter.name for parameter in operation.path_parameters}
    existing = {p: owned.get(f"{label}:{p}", owned.get(p)) for p in parameters}
    good: dict[str, Any] = {"path_parameters": existing} if existing else {}
    kinds = [operation.as_strategy(mode, **known) for mode in GenerationMode for known in (good, {})]
    if (body := _body(house, label)) is not None:
        kinds.append(operation.as_strategy(GenerationMode.POSITIVE, **good, body=body))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(kinds))
    def every(case: schemathesis.Case) -> None:
        case.validate_response(send(case), checks=CHECKS)

    every()


def _body(house: House, label: str) -> Any:
    """The good JSON body of a route; None for one that takes files."""
    body = house.bodies.get(label)
    return None if isinstance(body, Upload) else body


def _hostile(operation: Any, house: House, owned: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A good request with one value after another replaced: in the path, in the query, in the body."""
    label = f"{operation.method.upper()} {operation.path}"
    names = [parameter.name for parameter in operation.path_parameters]
    path = {name: owned.get(f"{label}:{name}", owned.get(name, "")) for name in names}
    body = _body(house, label)
    for value in HOSTILE:
        for name in names:
            yield operation.method, operation.path.format(**path | {name: quote(value)}), {"json": body}
        url = operation.path.format(**path)
        for parameter in operation.query:
            yield operation.method, url, {"params": {parameter.name: value}}
        for changed in _replaced(body, value):
            yield operation.method, url, {"json": changed}


def _replaced(body: Any, value: str) -> Iterator[Any]:
    """The body with each of its texts replaced, one at a time."""
    match body:
        case str():
            yield value
        case dict():
            yield from ({**body, name: changed} for name in body for changed in _replaced(body[name], value))
        case list():
            for index, item in enumerate(body):
                yield from ([*body[:index], changed, *body[index + 1 :]] for changed in _replaced(item, value))


async def _send(caller: Caller, case: schemathesis.Case) -> httpx.Response:
    """The case as its own transport writes it, to the application in this process."""
    prepared = requests.Request(**_without_options(case)).prepare()
    said = {**prepared.headers, "authorization": caller.headers["authorization"]}
    # Beyond ASCII as Latin-1, which the transport of the cases writes, and httpx only if it is told.
    headers = {name: value.encode("latin-1") if isinstance(value, str) else value for name, value in said.items()}
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    return await caller.request(str(prepared.method), str(prepared.url), headers=headers, content=body)


def _without_options(case: schemathesis.Case) -> dict[str, Any]:
    return {
        option: value
        for option, value in case.as_transport_kwargs(base_url=BASE).items()
        if option in ("method", "url", "headers", "params", "cookies", "data", "json", "files")
    }
