"""Contracts, licences and bookings on their pages: where each stands on the day, why, and nobody else's."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from kippu_console import app as console
from kippu_console.testing import Said, apply, page, record, sold
from kippu_console.testing.sold import DAY, TODAY
from kippu_console.testing.story import NOON
from kippu_console.words import words
from kippu_events.catalogue import entitlement
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import VirtualClock
from kippu_service.runtime import Runtime
from kippu_service.testing import runtime_on

MIGRATIONS = Path(console.__file__).parent / "migrations"
PLANS = Path(__file__).parents[3] / "plans"
TERMS = [sold.published((PLANS / f"{family}.toml").read_text("utf-8")) for family in ("svt", "cwc")]


@pytest.fixture
async def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture
async def runtime(service_database: Any, clock: VirtualClock) -> AsyncIterator[Runtime]:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=clock) as made:
        yield made


async def told(runtime: Runtime, said: Sequence[Said]) -> None:
    await apply(runtime, await record(runtime, [*TERMS, *said]))


async def html(runtime: Runtime, path: str, **who: Any) -> str:
    status, text = await page(runtime, path, **who)
    assert status == 200, (path, text)
    return text


async def rows(runtime: Runtime, path: str) -> dict[str, str]:
    """The state of each thing that a list shows, by its id."""
    found = re.findall(r'<tr>\s*<td.*?/\w+/([^"?]+).*?class="state (\w+)"', await html(runtime, path), re.DOTALL)
    return dict(found)


async def test_a_contract_stands_where_its_dates_say_whether_or_not_a_deadline_has_run(
    runtime: Runtime, clock: VirtualClock
) -> None:
    await told(
        runtime,
        [
            sold.contract("C-yesterday", TODAY - DAY),
            sold.contract("C-today", TODAY),
            sold.contract("C-30", TODAY + 30 * DAY),
            sold.contract("C-31", TODAY + 31 * DAY),
            sold.contract("C-tomorrow", TODAY + 365 * DAY),
            sold.contract("C-undated"),
            sold.contract("C-unregistered", TODAY + 31 * DAY, needs_registration=True),
        ],
    )
    assert await rows(runtime, "/contracts?status=all") == {
        "C-yesterday": "ended",
        "C-today": "ends_soon",
        "C-30": "ends_soon",
        "C-31": "in_force",
        "C-tomorrow": "upcoming",
        "C-undated": "upcoming",
        "C-unregistered": "unregistered",
    }
    assert "C-yesterday" not in await rows(runtime, "/contracts"), "what ended is not current"
    clock.advance(DAY)
    later = await rows(runtime, "/contracts?status=all")
    assert (later["C-today"], later["C-31"], later["C-tomorrow"]) == ("ended", "ends_soon", "in_force")


async def test_contracts_are_found_by_state_customer_family_number_and_device(runtime: Runtime) -> None:
    await told(runtime, sold.everything())

    for query, found in {
        "": {"C-old": "ends_soon", "C-new": "registered", "C-bundle": "unregistered", "C-register": "in_force"},
        "?status=registered": {"C-new": "registered"},
        "?status=ended": {"C-ended": "ended"},
        "?status=refunded": {"C-refunded": "refunded"},
        "?status=all&customer=customer-2": {
            "C-ended": "ended", "C-refunded": "refunded", "C-bundle": "unregistered"
        },
        "?family=qnp": {"C-register": "in_force"},
        "?find=SN-1": {"C-old": "ends_soon", "C-new": "registered"},
        "?find=NAS-2": {"C-register": "in_force"},
        "?find=NAS-1": {},
        "?find=C-old": {"C-old": "ends_soon"},
    }.items():  # fmt: skip
        assert await rows(runtime, f"/contracts{query}") == found, query
    assert (await page(runtime, "/contracts?status=lost"))[0] == 422


async def test_a_contract_says_its_registration_its_documents_its_renewal_and_by_which_clause(runtime: Runtime) -> None:
    await told(runtime, sold.everything())

    text = await html(runtime, "/contracts/C-old?lang=en")

    assert sold.SITE in text, "the address as it was changed"
    assert "0 Former Street" not in text
    assert "M24ePWR" in text
    assert 'href="/contracts/C-new?lang=en"' in text
    assert "Notice of the registration" in text
    assert "SVT-10" in text
    assert "a notice of it is made and mailed to the maintenance contact" in text, "the clause's own words"
    text = text.partition("What happened, in all services")[2]
    assert text.index("Reminded to register") < text.index("Registration changed") < text.index("End announced")
    assert "120 cm" not in text, "a height that was taken back is none"
    renewal = await html(runtime, "/contracts/C-new?lang=en")
    assert 'as for <a href="/contracts/C-old?lang=en">' in renewal


async def test_a_contract_that_the_register_alone_knows_is_on_the_device_that_has_it_now(runtime: Runtime) -> None:
    await told(runtime, sold.everything())

    text = await html(runtime, "/contracts/C-register?lang=en")

    assert "register of devices" in text
    assert "NAS-2" in text
    assert "NAS-1" not in text


@pytest.mark.parametrize("language", ["en", "ja", "th"])
async def test_a_contract_that_is_over_is_no_longer_to_be_registered(runtime: Runtime, language: str) -> None:
    late = sold.contract("C-late", TODAY + 90 * DAY, needs_registration=True, register_by=TODAY - 20 * DAY)
    over = sold.contract("C-over", TODAY - 10 * DAY, needs_registration=True, register_by=TODAY - 20 * DAY)
    await told(runtime, [late, over])
    word = words(language)
    waits, ended = [await html(runtime, f"/contracts/{each}?lang={language}") for each in ("C-late", "C-over")]
    assert (word["states"]["unregistered"] in waits, 'class="late"' in waits) == (True, True)
    assert (word["states"]["unregistered"] in ended, 'class="late"' in ended) == (False, False)
    assert f"<dt>{word['never_registered']}</dt>" in ended


async def test_a_device_registered_anew_without_its_contract_has_none(runtime: Runtime) -> None:
    await told(runtime, [sold.device("NAS-5", "C-a", "C-b"), sold.device("NAS-5", "C-b")])
    assert await rows(runtime, "/contracts") == {"C-b": "in_force"}


async def test_what_is_sold_and_stands_on_its_device_is_one_contract(runtime: Runtime) -> None:
    await told(runtime, [sold.contract("C-both", TODAY + 99 * DAY, serial="NAS-6"), sold.device("NAS-6", "C-both")])
    text = await html(runtime, "/contracts")
    assert text.count("/contracts/C-both") == 1


async def test_an_address_is_gone_with_its_person(runtime: Runtime) -> None:
    await told(runtime, sold.everything())
    await runtime.vault.erase("iij", "contact-1")
    text = await html(runtime, "/contracts/C-old?lang=en")
    assert sold.SITE not in text
    assert "(erased)" in text


async def test_a_long_list_goes_on_where_the_page_before_ended(runtime: Runtime) -> None:
    last = [TODAY + (40 + number // 3) * DAY for number in range(120)]
    await told(runtime, [sold.contract(f"C-{number:03}", day) for number, day in enumerate(last)])
    seen: list[str] = []
    path: str | None = "/contracts?customer=customer-1"
    while path:
        text = await html(runtime, path)
        seen += re.findall(r'href="/contracts/(C-\d+)"', text)
        onward = re.search(r'href="([^"]+cursor=[^"]+)"', text)
        path = onward[1].replace("&amp;", "&") if onward else None
        assert path is None or "customer=customer-1" in path, "the filter goes along"
    assert seen == [f"C-{number:03}" for number in range(120)]


@pytest.mark.clause("CWC-06")
async def test_a_licence_says_its_value_today_what_is_left_and_whether_the_member_id_works(
    runtime: Runtime, clock: VirtualClock
) -> None:
    wallet: dict[str, Any] = {"wallet_id": sold.LICENCE, "customer_id": "customer-1", "occurred_at": NOON}
    await told(runtime, [*sold.licence(), *incidents(wallet)])

    for path in ("/licences?lang=en", f"/licences/{sold.LICENCE}?lang=en"):
        text = await html(runtime, path)
        assert "80 %" in text, "12 of 60 months are over"
        assert "320,000 JPY" in text
        assert 'class="state member_valid"' in text
        assert 'class="state ends_soon"' in text
        assert not [secret for secret in sold.SECRETS if secret in text]
    assert "<b>4</b><span>Incidents left" in text
    assert "A renewal voids the old ID" in text, "the words of CWC-12"

    clock.advance(16 * DAY)
    text = await html(runtime, f"/licences/{sold.LICENCE}")
    assert 'class="state member_ended"' in text
    assert 'class="state lapsed"' in text
    assert sold.LICENCE not in await html(runtime, "/licences")
    assert sold.LICENCE in await html(runtime, "/licences?status=lapsed")


def incidents(wallet: dict[str, Any]) -> list[Said]:
    """Five were bought; two ended unused, and one of them was put back."""
    lot: dict[str, Any] = {"lot_id": "order-l"}
    bought = {**wallet, **lot, "quantity": 5, "valid_from": NOON, "expires_at": NOON + 99 * DAY, "order_id": "order-l"}
    return [
        ("entitlement", f"wallet-iij-{sold.LICENCE}", event)
        for event in (
            entitlement.WalletOpened(**wallet, plan_family="cwc"),
            entitlement.TicketsCredited(**bought),
            entitlement.TicketsExpired(**wallet, **lot, quantity=2),
            entitlement.TicketsReinstated(**wallet, **lot, quantity=1),
        )
    ]


@pytest.mark.clause("CWC-16", "CWC-17")
async def test_a_booking_says_what_is_due_and_why_it_is_void_or_blocked(runtime: Runtime) -> None:
    await told(runtime, sold.everything())

    assert await rows(runtime, "/bookings") == {"B-blocked": "blocked", "B-ahead": "requested"}
    assert await rows(runtime, "/bookings?status=void") == {"B-unpaid": "void", "B-late": "void"}
    assert await rows(runtime, "/bookings?status=completed") == {"B-done": "completed"}
    unpaid = await html(runtime, "/bookings/B-unpaid?lang=en")
    assert "It was not paid by 2026-04-29 14:00" in unpaid, "no deadline has run, but the time is over"
    assert "CWC-16" in unpaid
    late = await html(runtime, "/bookings/B-late?lang=en")
    assert "It was paid on 2026-04-30, when it was void." in late
    blocked = await html(runtime, "/bookings/B-blocked?lang=en")
    assert "<b>The certificate is ready</b>" in blocked
    assert "<b>The server is installed</b>" not in blocked
    assert blocked.count('class="state prepared"') == blocked.count('class="state not_confirmed"') == 1
    assert "mailed, not answered" in blocked
    assert "SSL 設定" in await html(runtime, "/bookings?lang=ja")


@pytest.mark.parametrize(
    "path",
    ["/contracts/C-old", "/contracts/C-register", f"/licences/{sold.LICENCE}", "/bookings/B-ahead"],
)
async def test_what_was_sold_is_there_for_the_providers_people_alone(runtime: Runtime, path: str) -> None:
    await told(runtime, sold.everything())

    assert (await page(runtime, path))[0] == 200
    assert (await page(runtime, path, provider="other"))[0] == 404
    assert (await page(runtime, path, customers=["customer-1"]))[0] == 403
    assert path.rpartition("/")[2] not in await html(runtime, path.rpartition("/")[0], provider="other")


async def test_what_is_to_be_paid_back_and_what_a_credit_note_leaves_to_pay(runtime: Runtime) -> None:
    await told(runtime, sold.given_back())
    text = await html(runtime, "/invoices?lang=en")
    assert "RF-INV-9.1" in text
    assert "RF-INV-9.2" not in text, "it is paid"
    assert 'class="state unpaid"' in text
    assert "2,000.00 THB" in text.partition("INV-9</td>")[2], "what is left of it"
    assert "<b>1</b><span>Refunds to be paid" in await html(runtime, "/?lang=en")


async def test_an_empty_list_says_what_will_appear_there_in_every_language(runtime: Runtime) -> None:
    for path in (
        "/",
        "/contracts",
        "/licences",
        "/wallets",
        "/bookings",
        "/visits",
        "/shipments",
        "/mail",
        "/invoices",
    ):
        said = {language: await html(runtime, f"{path}?lang={language}") for language in ("en", "ja", "th")}
        empty = [re.findall(r'<p class="empty">([^<]+)', text) for text in said.values()]
        assert all(empty), path
        assert len({each[0] for each in empty}) == 3, path


async def test_money_due_back_says_why_and_once_it_is_paid_by_which_reference(runtime: Runtime) -> None:
    await told(runtime, sold.given_back())
    due = await html(runtime, "/refunds?lang=en")
    assert "RF-INV-9.1" in due
    assert "RF-INV-9.2" not in due
    assert "1,000.00 THB" in due
    assert "taken back<br><small>bought twice" in due
    paid = await html(runtime, "/refunds?status=paid&lang=en")
    assert "RF-INV-9.1" not in paid
    assert "bank-1" in paid
    every = await html(runtime, "/refunds?status=all&customer=customer-1")
    assert every.index("RF-INV-9.1") < every.index("RF-INV-9.2"), "what is due comes first"
    assert "RF-INV-9" not in await html(runtime, "/refunds?status=all&customer=customer-2")
    assert "<b>1</b><span>Refunds to be paid" in await html(runtime, "/?lang=en")
