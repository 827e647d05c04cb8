"""HTTP as every service speaks it, seen on the sample service with a real PostgreSQL."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from kippu_events.database import Database
from kippu_events.log.memory import MemoryLog
from kippu_events.testing.plugin import Templates
from kippu_service.application import create_app
from kippu_service.http.positions import Position
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

    async def events(self) -> int:
        return (await self.runtime.log.head()).position


@pytest.fixture(scope="module")
async def sample_database(templates: Templates) -> AsyncIterator[Database]:
    """One for all the tests here; each empties what it projects into."""
    yield await templates.clone("http_sample", (MIGRATIONS,))
    await templates.drop("http_sample")


@pytest.fixture
async def sample(sample_database: Database) -> AsyncIterator[Sample]:
    async with runtime_on(sample_database, MemoryLog("sample")) as runtime:
        await runtime.writers.execute("truncate read.contacts, bus.mark")
        service = build(runtime)
        yield Sample(runtime, service, create_app(service, runtime))


@pytest.fixture
async def desk(sample: Sample) -> AsyncIterator[Caller]:
    async with Caller(sample.app) as caller:
        yield caller


def contact(number: int = 1, customer: str = "customer-1", **changed: object) -> dict[str, object]:
    return {
        "customer_id": customer,
        "contact_id": f"contact-{number}",
        "name": f"Contact {number}",
        "mail": f"contact-{number}@one.example",
        "language": "en",
    } | changed


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code, after a look at what every problem document has."""
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == answer.status_code
    assert document["title"]
    assert document["instance"].startswith("urn:uuid:")
    return answer.status_code, document["type"].removeprefix("urn:kippu:problem:")


async def test_a_write_answers_where_it_stands_and_a_read_can_wait_for_it(
    sample: Sample, desk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kippu_service.http.queries.WAIT_SECONDS", 60.0)
    written = await desk.post("/v1/contacts", json=contact())
    assert (written.status_code, written.json()) == (201, {"contact_id": "contact-1"})
    assert written.headers["etag"] == '"1"'
    assert written.headers["location"] == "/v1/contacts/contact-1"

    position = {"Kippu-Min-Position": written.headers["kippu-position"]}
    read = asyncio.create_task(desk.get("/v1/contacts/contact-1", headers=position))
    await asyncio.sleep(0.05)
    assert not read.done()  # the projector has not come so far
    await sample.project()
    answer = await read
    shown = {"contact_id": "contact-1", "customer_id": "customer-1", "name": "Contact 1", "language": "en"}
    assert answer.json() == shown
    assert answer.headers["etag"] == '"1"'


async def test_a_read_waits_no_longer_than_it_may(
    sample: Sample, desk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kippu_service.http.queries.WAIT_SECONDS", 0.1)
    ahead = Position("sample", ((3, 1_000),)).token()
    answer = await desk.get("/v1/contacts", headers={"Kippu-Min-Position": ahead})
    assert problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    elsewhere = Position("other", ((3, 1_000),)).token()  # a log that nothing here reads: nothing to wait for
    assert (await desk.get("/v1/contacts", headers={"Kippu-Min-Position": elsewhere})).status_code == 200


async def test_a_repeated_request_has_one_effect_and_one_answer(sample: Sample, desk: Caller) -> None:
    key = {"Idempotency-Key": "one"}
    first = await desk.post("/v1/contacts", json=contact(), headers=key)
    again = await desk.post("/v1/contacts", json=contact(), headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    for header in ("etag", "location", "kippu-position"):
        assert first.headers[header] == again.headers[header]
    assert await sample.events() == 1

    other = await desk.post("/v1/contacts", json=contact(name="Somebody else"), headers=key)
    assert problem(other) == (422, "idempotency_key_reused")
    # The same key of another client, provider or route is another key.
    async with Caller(sample.app, client_id="client-2") as caller:
        assert problem(await caller.post("/v1/contacts", json=contact(), headers=key)) == (409, "conflict")
    async with Caller(sample.app, "svt") as caller:
        assert (await caller.post("/v1/contacts", json=contact(), headers=key)).status_code == 201


async def test_the_same_key_on_another_thing_is_refused(sample: Sample, desk: Caller) -> None:
    for number in (1, 2):
        await desk.post("/v1/contacts", json=contact(number))
    key = {"Idempotency-Key": "one"}
    assert (await desk.post("/v1/contacts/contact-1/replace", json=contact(), headers=key)).status_code == 200
    other = await desk.post("/v1/contacts/contact-2/replace", json=contact(), headers=key)
    assert problem(other) == (422, "idempotency_key_reused")


async def test_many_who_send_the_same_request_at_once_write_once(sample: Sample, desk: Caller) -> None:
    key = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(desk.post("/v1/contacts", json=contact(), headers=key) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert await sample.events() == 1


@pytest.mark.parametrize("key", [b"", b"a b", b"a" * 256, "ümlaut".encode(), b"tab\there"])
async def test_a_malformed_key_is_refused(sample: Sample, desk: Caller, key: bytes) -> None:
    answer = await desk.post("/v1/contacts", json=contact(), headers=[(b"Idempotency-Key", key)])
    assert problem(answer) == (400, "idempotency_key_invalid")
    assert await sample.events() == 0


async def test_a_write_without_a_key_is_refused(sample: Sample, desk: Caller) -> None:
    desk.event_hooks = {}
    answer = await desk.post("/v1/contacts", json=contact())
    assert problem(answer) == (400, "idempotency_key_missing")
    assert await sample.events() == 0


async def test_all_faults_are_named_at_once_and_nothing_sent_is_repeated(sample: Sample, desk: Caller) -> None:
    body = contact(customer_id="hush hush", name="hush\n", colour="hush", mail="hush" * 100)
    del body["language"]
    answer = await desk.post("/v1/contacts", json=body)
    assert problem(answer) == (422, "invalid")
    errors = {error["field"]: error["code"] for error in answer.json()["errors"]}
    assert errors == {
        "customer_id": "string_pattern_mismatch",
        "mail": "string_too_long",
        "language": "missing",
        "colour": "extra_forbidden",
    }  # the name's trailing newline is a blank, and goes
    assert "hush" not in answer.text
    assert await sample.events() == 0


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"{", "application/json", (400, "malformed_body")),
        (b"", "application/json", (422, "invalid")),
        (b"[]", "application/json", (422, "invalid")),
        (b"null", "application/json", (422, "invalid")),
        (b"[" * 100_000, "application/json", (400, "malformed_body")),
        (b'{"name":' * 900 + b"1" + b"}" * 900, "application/json", (422, "invalid")),
        (b'{"name": ' + b"9" * 10_000 + b"}", "application/json", (400, "malformed_body")),
        (b'{"name": "\xff"}', "application/json", (400, "malformed_body")),
        (b"a=b", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        (b"<a/>", "text/xml", (415, "unsupported_media_type")),
        (b"{}", "", (415, "unsupported_media_type")),
    ],
)
async def test_a_body_that_is_no_object_is_a_problem(
    sample: Sample, desk: Caller, content: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    answer = await desk.post("/v1/contacts", content=content, headers={"content-type": content_type})
    assert problem(answer) == expected
    assert await sample.events() == 0


async def test_an_oversized_body_is_cut_off_declared_or_not(sample: Sample, desk: Caller) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2 * 1024):
            yield b" " * 1024

    for content in (b" " * (1024 * 1024 + 1), endless()):
        answer = await desk.post("/v1/contacts", content=content, headers={"content-type": "application/json"})
        assert problem(answer) == (413, "too_large")
        assert answer.json()["detail"] == "It takes 1,048,576 bytes at most."


async def test_a_route_may_take_more(sample: Sample, desk: Caller) -> None:
    padding = {"name": "Contact" + " " * 1024}
    large = [contact(number, **padding) for number in range(1100)]
    assert (await desk.post("/v1/contacts/import", json=large)).json() == {"taken": 1100}
    larger = [contact(number, **padding) for number in range(2200)]
    answer = await desk.post("/v1/contacts/import", json=larger)
    assert problem(answer) == (413, "too_large")
    assert answer.json()["detail"] == "It takes 2,097,152 bytes at most."
    assert await sample.events() == 1100


async def test_nobody_overwrites_what_they_have_not_seen(sample: Sample, desk: Caller) -> None:
    seen = (await desk.post("/v1/contacts", json=contact())).headers["etag"]

    async def replace(tag: str) -> httpx.Response:
        return await desk.post("/v1/contacts/contact-1/replace", json=contact(), headers={"If-Match": tag})

    first = await replace(seen)
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    second = await replace(seen)
    assert problem(second) == (412, "changed_meanwhile")
    assert second.headers["etag"] == '"2"'
    assert problem(await replace('W/"2"')) == (412, "changed_meanwhile")
    assert problem(await replace("2")) == (400, "if_match_invalid")
    assert (await replace('"7", "2"')).status_code == 200
    assert (await replace("*")).status_code == 200
    assert await sample.events() == 4
    # A route that compares no version says so, instead of overwriting.
    refused = await desk.post("/v1/contacts", json=contact(2), headers={"If-Match": seen})
    assert problem(refused) == (400, "if_match_unsupported")
    assert await sample.events() == 4


async def test_a_retry_with_if_match_answers_what_the_first_did(sample: Sample, desk: Caller) -> None:
    seen = (await desk.post("/v1/contacts", json=contact())).headers["etag"]
    headers = {"If-Match": seen, "Idempotency-Key": "one"}
    answers = [await desk.post("/v1/contacts/contact-1/replace", json=contact(), headers=headers) for _ in range(2)]
    assert [(answer.status_code, answer.headers["etag"]) for answer in answers] == [(200, '"2"')] * 2


async def test_a_reader_that_has_it_already_gets_no_body(sample: Sample, desk: Caller) -> None:
    seen = (await desk.post("/v1/contacts", json=contact())).headers["etag"]
    await sample.project()
    answer = await desk.get("/v1/contacts/contact-1", headers={"If-None-Match": f'"0", W/{seen}'})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_list_comes_in_pages_that_neither_repeat_nor_miss(sample: Sample, desk: Caller) -> None:
    for number in range(7):
        await desk.post("/v1/contacts", json=contact(number, language="en" if number % 2 else "th"))
    await sample.project()
    seen: list[str] = []
    url: str | None = "/v1/contacts?limit=3"
    while url:
        page = (await desk.get(url)).json()
        seen += [item["contact_id"] for item in page["items"]]
        url = f"/v1/contacts?limit=3&cursor={page['next']}" if page["next"] else None
    assert seen == [f"contact-{number}" for number in (1, 3, 5, 0, 2, 4, 6)]


@pytest.mark.parametrize("cursor", ["x", "!!!!", "W10", "WzEsIDJd", "bnVsbA", "WyJhIl0", "WyJhIiwgImIiLCAiYyJd", "Ww"])
async def test_a_cursor_that_no_page_gave_is_refused(desk: Caller, cursor: str) -> None:
    assert problem(await desk.get(f"/v1/contacts?cursor={cursor}")) == (400, "cursor_invalid")


@pytest.mark.parametrize("impossible", ["\0", "\ud800"])
async def test_a_cursor_with_what_no_database_holds_is_refused(desk: Caller, impossible: str) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([impossible, "contact-1"]).encode()).decode()
    answer = await desk.get("/v1/contacts", params={"cursor": cursor})
    assert (answer.status_code // 100, answer.headers["content-type"]) == (4, "application/problem+json")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e3"])
async def test_a_limit_has_limits(desk: Caller, limit: str) -> None:
    answer = await desk.get(f"/v1/contacts?limit={limit}")
    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == "query.limit"


async def test_what_is_not_there_is_a_problem_too(desk: Caller) -> None:
    assert problem(await desk.get("/v1/contacts/nobody")) == (404, "not_found")
    assert problem(await desk.get("/v1/nothing")) == (404, "not_found")
    assert problem(await desk.delete("/v1/contacts")) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer " + "a" * 20_000]
)
async def test_without_a_good_token_there_is_a_challenge(sample: Sample, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sample.app), base_url="http://one.example") as caller:
        answer = await caller.get("/v1/contacts", headers=headers)
    assert problem(answer) == (401, "unauthorised")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_scope_is_needed_and_staff_where_it_says_so(sample: Sample) -> None:
    async with Caller(sample.app, scopes=["contacts:write", "other:read"]) as caller:
        refused = await caller.get("/v1/contacts")
        assert problem(refused) == (403, "scope_missing")
        assert 'scope="contacts:read"' in refused.headers["www-authenticate"]
    async with Caller(sample.app, customers=["customer-1"]) as partner:
        answer = await partner.post("/v1/contacts/contact-1/replace", json=contact())
        assert problem(answer) == (403, "staff_only")


async def test_a_partner_writes_for_its_own_customers_only(sample: Sample) -> None:
    async with Caller(sample.app, customers=["customer-1"]) as partner:
        assert (await partner.post("/v1/contacts", json=contact())).status_code == 201
        refused = await partner.post("/v1/contacts", json=contact(2, "customer-2"))
        assert problem(refused) == (404, "not_found")
    assert await sample.events() == 1


async def test_an_erased_person_can_be_neither_read_nor_written(sample: Sample, desk: Caller) -> None:
    await desk.post("/v1/contacts", json=contact())
    await sample.project()
    await sample.runtime.vault.erase("iij", "contact-iij-contact-1")
    assert (await desk.get("/v1/contacts/contact-1")).json()["name"] is None
    answer = await desk.post("/v1/contacts/contact-1/replace", json=contact())
    assert problem(answer) == (409, "person_erased")


async def test_a_fault_of_ours_says_nothing_of_our_insides(
    sample: Sample, desk: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(sample.runtime.log, "load", broken)
    answer = await desk.post("/v1/contacts", json=contact())
    assert problem(answer) == (500, "internal")
    assert "secret" not in answer.text
    assert "a secret of ours" in caplog.text
    assert answer.json()["instance"] in caplog.text  # how an operator finds it


async def test_a_database_that_does_not_answer_is_said_to_be_so(sample: Sample, desk: Caller) -> None:
    assert (await desk.get("/health/ready")).status_code == 200
    await sample.runtime.readers.close()
    assert problem(await desk.get("/v1/contacts")) == (503, "unavailable")
    ready = await desk.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]) == (503, {"readers": False, "writers": True})
    assert (await desk.get("/health/live")).status_code == 200


async def test_metrics_count_by_route_and_never_by_path(desk: Caller) -> None:
    await desk.get("/v1/contacts/somebody")
    await desk.get("/v1/nothing/at-all")
    text = (await desk.get("/metrics")).text
    assert 'kippu_http_request_seconds_count{method="GET",route="/v1/contacts/{contact_id}",status="404"} 1.0' in text
    assert "somebody" not in text
    assert "at-all" not in text


async def test_the_api_describes_itself(sample: Sample, desk: Caller) -> None:
    document = (await desk.get("/openapi.json")).json()
    add = document["paths"]["/v1/contacts"]["post"]
    assert add["security"] == [{"client_credentials": ["contacts:write"]}]
    assert {p["name"]: p["required"] for p in add["parameters"]} == {"Idempotency-Key": True, "If-Match": False}
    assert add["responses"].keys() == {"201", "default"}
    assert list(add["responses"]["default"]["content"]) == ["application/problem+json"]
    flows = document["components"]["securitySchemes"]["client_credentials"]["flows"]
    assert flows["clientCredentials"]["scopes"].keys() == {"contacts:read", "contacts:write"}


async def test_a_parameter_that_the_route_does_not_have_is_refused_by_name(sample: Sample, desk: Caller) -> None:
    assert (await desk.get("/v1/contacts?limit=1")).status_code == 200
    listed = await desk.get("/v1/contacts?limit=1&offset=7&color=red")
    assert problem(listed) == (422, "invalid")
    told = {error["field"]: error["message"] for error in listed.json()["errors"]}
    assert told == dict.fromkeys(("query.color", "query.offset"), "This route takes cursor, limit.")
    written = await desk.post("/v1/contacts?dry_run=true", json=contact())
    [error] = written.json()["errors"]
    assert (error["field"], error["code"]) == ("query.dry_run", "unknown_parameter")
    assert error["message"] == "This route takes no query parameters."
    assert await sample.events() == 0
