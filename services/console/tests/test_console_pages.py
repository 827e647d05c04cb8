"""The console on a real PostgreSQL: what the logs hold is what the pages show, in whatever order it arrived."""

import random
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kippu_console import app as console
from kippu_console.readmodels.timeline import Timeline
from kippu_console.testing import apply, page, record, sheets, sold
from kippu_console.testing.story import LATE_TICKET, NOON, TICKET, WALLET, story
from kippu_console.words import LANGUAGES, words
from kippu_events.envelope import Envelope
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import VirtualClock
from kippu_service.application import create_app
from kippu_service.runtime import Runtime
from kippu_service.testing import Caller, runtime_on
from markupsafe import escape

SVT = (Path(__file__).parents[3] / "plans" / "svt.toml").read_text("utf-8")
MIGRATIONS = Path(console.__file__).parent / "migrations"


@pytest.fixture
async def runtime(service_database: Any) -> AsyncIterator[Runtime]:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=VirtualClock(NOON)) as made:
        yield made


async def dump(runtime: Runtime) -> list[Any]:
    tables = sorted({table for projector in console.build(runtime).projectors for table in projector.tables})
    return [await runtime.writers.fetch(f"select t::text from read.{table} t order by 1") for table in tables]  # noqa: S608


async def test_a_request_page_says_what_was_decided_by_which_clause_and_what_was_debited(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime, story()))

    status, html = await page(runtime, f"/tickets/{TICKET}?lang=en")

    assert status == 200
    assert "covered by prepaid tickets" in html
    assert "Tickets begin counting on receipt." in html
    assert "Ask earlier." in html
    assert "<b>2</b><span>Debited" in html
    assert "เครือข่ายล่ม &lt;b&gt;" in html, "a subject is text, never markup"
    assert "VisitHeld" in html


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/?lang=ja", "ディスパッチャ|手配担当"),
        ("/wallets?lang=th", WALLET),
        (f"/wallets/{WALLET}", "order-1: 2"),
        ("/visits", "held"),
        ("/mail", "someone@customer.example"),
        ("/invoices", "5,350.00 THB"),
        ("/invoices?status=paid", "10,432.50 THB"),
        ("/shipments?lang=ja", "返送期限超過"),
    ],
)
async def test_each_page_shows_its_answer(runtime: Runtime, path: str, shown: str) -> None:
    await apply(runtime, await record(runtime, story()))

    status, html = await page(runtime, path)

    assert status == 200
    assert any(part in html for part in shown.split("|"))


async def test_the_shipments_page_says_what_is_late_by_which_clock_and_what_is_overdue(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime, story()))

    _, html = await page(runtime, "/shipments?lang=en")

    leaving, back = html.split("<h2>Due back</h2>")
    assert LATE_TICKET in leaving
    assert TICKET not in leaving, "what was delivered is not to ship"
    assert '<span class="late">by 2026-04-29</span>' in leaving
    assert f'href="/tickets/{TICKET}?lang=en"' in back
    assert "NAS-1" in back
    assert "came instead: NAS-9" in back
    assert '<span class="state overdue">' in back


async def test_a_request_page_shows_its_shipment_the_targets_clock_and_what_the_wallet_lacked(
    runtime: Runtime,
) -> None:
    await apply(runtime, await record(runtime, story()))

    _, html = await page(runtime, f"/tickets/{TICKET}?lang=en")

    assert "<span>by 2026-04-30</span>" in html, "it left in time, before it left again"
    assert "not counted: 04-28 A Holiday" in html
    assert "04-29 closing day" in html
    assert "1 of 3 are missing" in html, "one of the two was settled"
    assert "535.00" not in html, "amounts are shown in the currency's units"
    assert "5,350.00 THB" in html
    assert "Missing 1" in html


def test_every_event_that_a_page_tells_has_its_words() -> None:
    assert {event.__name__ for event in Timeline.subscribes} - words("en")["events"].keys() == set()


async def test_a_wallets_page_tells_its_own_stream_with_the_balance_after_each_entry(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime, story()))

    _, html = await page(runtime, f"/wallets/{WALLET}?lang=en")

    assert html.index("Prepaid tickets credited") < html.index("Prepaid tickets debited")
    assert html.index("<b>5</b></td>") < html.index("<b>3</b></td>")


def test_every_language_has_the_same_words_and_every_page_finds_its_own() -> None:
    english = words("en")
    for language in LANGUAGES:
        spoken = words(language)
        assert spoken.keys() == english.keys()
        tables = [name for name, value in english.items() if isinstance(value, dict)]
        assert {name: spoken[name].keys() for name in tables} == {name: english[name].keys() for name in tables}
    templates = [page.read_text("utf-8") for page in (MIGRATIONS.parent / "pages").glob("*.html")]
    assert {word for each in templates for word in re.findall(r"\bw\.(\w+)", each)} - english.keys() == set()


async def test_another_provider_and_a_partner_see_nothing(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime, story()))

    assert (await page(runtime, f"/tickets/{TICKET}", provider="other"))[0] == 404
    assert TICKET not in (await page(runtime, "/", provider="other"))[1]
    assert (await page(runtime, "/", customers=["customer-1"]))[0] == 403


async def test_an_erased_person_is_gone_from_the_pages(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime, story()))

    await runtime.vault.erase("iij", "contact-1")

    status, html = await page(runtime, f"/tickets/{TICKET}")
    assert (status, "เครือข่ายล่ม" in html, "(erased)" in html) == (200, False, True)


async def test_a_browser_without_a_token_is_led_to_sign_in_and_back(runtime: Runtime) -> None:
    app = create_app(console.build(runtime), runtime)
    async with Caller(app) as caller:
        token = caller.headers.pop("authorization").removeprefix("Bearer ")
        caller.headers["accept"] = "text/html"
        assert (await caller.get("/")).headers["location"] == "/sign-in"

        refused = await caller.post("/sign-in", data={"token": "not.a.token"})
        assert refused.status_code == 303
        assert (await caller.get("/")).headers["location"] == "/sign-in?fault"

        await caller.post("/sign-in", data={"token": f" {token}\n"})
        assert (await caller.get("/")).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_is_not_signed_in_is_told_why_in_their_language_and_sees_no_menu(
    runtime: Runtime, language: str
) -> None:
    app = create_app(console.build(runtime), runtime)
    async with Caller(app) as caller, Caller(app, customers=["customer-1"]) as partner:
        token = partner.headers["authorization"].removeprefix("Bearer ")
        del caller.headers["authorization"]
        caller.headers["accept"] = "text/html"
        for given, said in (("not.a.token", "refused_token"), (token, "no_right")):
            home = await caller.post(f"/sign-in?lang={language}", data={"token": given})
            led = await caller.get(home.headers["location"])
            shown = (await caller.get(led.headers["location"])).text
            assert escape(words(language)[said]) in shown
            assert f'<html lang="{language}">' in shown
            assert "/contracts" not in shown
            other = re.search(r'href="(/sign-in[^"]*lang=th[^"]*)"', shown)
            assert other is not None
            assert escape(words("th")[said]) in (await caller.get(other[1].replace("&amp;", "&"))).text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_address_that_there_is_not_answers_people_with_a_page_and_programs_with_a_problem(
    runtime: Runtime, language: str
) -> None:
    browser = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "accept-language": language}
    async with Caller(create_app(console.build(runtime), runtime)) as caller:
        for path in ("/nowhere", "/tickets/a/b", "/health"):
            shown = await caller.get(path, headers=browser)
            assert (shown.status_code, shown.headers["content-type"]) == (404, "text/html; charset=utf-8")
            assert f'<html lang="{language}">' in shown.text
            assert escape(words(language)["not_found"]) in shown.text
            told = await caller.get(path)
            assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")
        # What is there, and is asked for in another way than it takes, is no address that there is not.
        assert (await caller.post("/wallets", headers=browser)).status_code == 405
        assert (await caller.get("/health/live", headers=browser)).json() == {"status": "live"}


async def test_neither_another_sites_form_nor_what_is_no_token_signs_anybody_in(runtime: Runtime) -> None:
    app = create_app(console.build(runtime), runtime)
    async with Caller(app) as caller:
        token = caller.headers.pop("authorization").removeprefix("Bearer ")
        caller.headers["accept"] = "text/html"
        for sent, site in (
            (token, "cross-site"),
            (token, "same-site"),
            ("切符", "same-origin"),
            ("\N{TICKET}", "none"),
        ):
            refused = await caller.post("/sign-in", data={"token": sent}, headers={"Sec-Fetch-Site": site})
            assert refused.headers["location"] == "/sign-in?fault"
            assert "set-cookie" not in refused.headers
        taken = await caller.post("/sign-in", data={"token": token}, headers={"Sec-Fetch-Site": "same-origin"})
        assert taken.headers["location"] == "/"


@pytest.mark.parametrize("seed", range(6))
async def test_the_views_are_the_same_under_any_interleaving_of_slots_and_batches(
    service_database: Any, seed: int
) -> None:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=VirtualClock(NOON)) as runtime:
        envelopes = await record(runtime, [*story(), *sold.everything(), *sheets.refused("m2.S1"), sold.published(SVT)])
        await apply(runtime, envelopes)
        expected = await dump(runtime)
        for projector in console.build(runtime).projectors:
            await runtime.writers.execute(f"truncate {', '.join('read.' + table for table in projector.tables)}")

        shuffled, chance = interleaved(envelopes, random.Random(seed)), random.Random(seed)  # noqa: S311
        await apply(runtime, shuffled, chance.randint(1, 4))

        assert await dump(runtime) == expected


def interleaved(envelopes: list[Envelope], chance: random.Random) -> list[Envelope]:
    """The events in a random order that keeps the order within each slot of each log."""
    queues: dict[tuple[str, int], list[Envelope]] = {}
    for envelope in envelopes:
        queues.setdefault((envelope.log, envelope.slot), []).append(envelope)
    order = []
    while queues:
        slot = chance.choice(sorted(queues))
        order.append(queues[slot].pop(0))
        if not queues[slot]:
            del queues[slot]
    return order
