"""Sheets of registrations that came by mail: who sent one, what it registered, or what is wrong in it (SVT-08)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kippu_console import app as console
from kippu_console.readmodels.sheets import Sheets
from kippu_console.testing import Said, apply, page, record, sheets, sold
from kippu_console.testing.story import NOON
from kippu_events.envelope import Envelope
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import VirtualClock
from kippu_service.runtime import Runtime
from kippu_service.testing import runtime_on

MIGRATIONS = Path(console.__file__).parent / "migrations"
SVT = (Path(__file__).parents[3] / "plans" / "svt.toml").read_text("utf-8")


@pytest.fixture
async def runtime(service_database: Any) -> AsyncIterator[Runtime]:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=VirtualClock(NOON)) as made:
        yield made


async def told(runtime: Runtime, *said: Said) -> list[Envelope]:
    envelopes = await record(runtime, [sold.published(SVT), *said])
    await apply(runtime, envelopes)
    return envelopes


async def html(runtime: Runtime, path: str) -> str:
    status, text = await page(runtime, path)
    assert status == 200, text
    return text


@pytest.mark.clause("SVT-08")
async def test_a_refused_sheet_says_who_sent_it_and_what_is_wrong_by_row_and_column(runtime: Runtime) -> None:
    await told(runtime, *sheets.refused("m1.S1"))
    shown = await html(runtime, "/sheets/m1.S1?lang=en")
    for part in ("登録.xlsx", "[Registration] two switches", "contact-1", "SVT-08", "to be put right"):
        assert part in shown
    assert "<li>3 行目、「シリアル番号」列：形式または桁数が正しくありません (SVT-06)</li>" in shown
    assert "<b>2</b><span>Faults" in shown
    for column, code in (("serial", "malformed"), ("consent", "missing")):
        assert f'data-label="Column">{column}</td><td class="key" data-label="Fault">{code}</td>' in shown
    assert 'href="/sheets/m1.S1' in await html(runtime, "/sheets")
    board = await html(runtime, "/?lang=en")
    assert '<a class="figure alert" href="/sheets?lang=en"><b>1</b><span>Sheets to be put right' in board


async def test_a_sheet_that_comes_through_later_puts_the_refused_one_right(runtime: Runtime) -> None:
    later = NOON + timedelta(hours=1)
    await told(runtime, *sheets.refused("m1.S1"), *sheets.imported("m2.S1", at=later))
    assert "m1.S1" not in await html(runtime, "/sheets")
    assert '<span class="state not_registered">' in await html(runtime, "/sheets/m1.S1")
    assert "m1.S1" in await html(runtime, "/sheets?status=refused")
    assert "m2.S1" in await html(runtime, "/sheets?status=imported&customer=customer-1")
    assert "m2.S1" not in await html(runtime, "/sheets?status=all&customer=customer-2")


async def test_a_sheet_of_somebody_else_or_of_before_puts_nothing_right(runtime: Runtime) -> None:
    before = NOON - timedelta(hours=1)
    await told(
        runtime,
        *sheets.imported("m0.S1", at=before),
        *sheets.refused("m1.S1"),
        *sheets.imported("m2.S1", at=NOON + timedelta(hours=1), customer="customer-2"),
    )
    assert "m1.S1" in await html(runtime, "/sheets")


async def test_an_imported_sheet_leads_to_its_contracts_and_they_to_it(runtime: Runtime) -> None:
    envelopes = await told(runtime, *sheets.imported("m1.S1"), *sold.registered_contract(), *sold.ended_contracts())
    [mailed] = [each for each in envelopes if each.type.endswith("SheetMailed.v1")]
    # In the real history the sheet is what a registration names as its cause.
    await runtime.writers.execute(
        "update read.timeline set causation_id = $1 where type like '%ContractRegistered.v1' and stream like '%C-old'",
        str(mailed.id),
    )
    shown = await html(runtime, "/sheets/m1.S1?lang=en")
    assert 'href="/contracts/C-old?lang=en"' in shown
    assert "C-new" not in shown
    assert "<b>1</b><span>Registered now" in shown
    assert 'href="/sheets/m1.S1?lang=en"' in await html(runtime, "/contracts/C-old?lang=en")
    assert "/sheets/" not in await html(runtime, "/contracts/C-new?lang=en")


async def test_one_that_nobody_has_read_yet_says_so(runtime: Runtime) -> None:
    await told(runtime, sheets.mailed("m1.S1"))
    assert "It came in, and is being read." in await html(runtime, "/sheets/m1.S1?lang=en")
    assert "m1.S1" in await html(runtime, "/sheets?status=all")
    assert (await page(runtime, "/sheets/m2.S1"))[0] == 404


async def test_an_erased_sender_is_gone_from_the_page(runtime: Runtime) -> None:
    await told(runtime, *sheets.refused("m1.S1"))
    await runtime.vault.erase("iij", "contact-1")
    shown = await html(runtime, "/sheets/m1.S1?lang=en")
    assert "登録.xlsx" not in shown
    assert "(erased)" in shown


async def test_the_order_of_the_two_streams_does_not_matter(runtime: Runtime) -> None:
    envelopes = await record(runtime, sheets.refused("m1.S1"))
    wanted = [each for each in reversed(envelopes) if each.log in Sheets.logs]
    await apply(runtime, wanted, 1)
    assert "登録.xlsx" in await html(runtime, "/sheets/m1.S1?lang=en")
