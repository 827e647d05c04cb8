"""What the commands do to a house on a real PostgreSQL: publish, rebuild, park and redrive, replay."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kippu import audit, parked, plans, projections
from kippu.audit import wallet_subject
from kippu.compose import House
from kippu.services import PARTS
from kippu.trouble import Trouble
from kippu_entitlement import folds
from kippu_entitlement.domain import streams
from kippu_entitlement.readmodels.registers import PublishedPlans as Plans
from kippu_entitlement.readmodels.wallets import Wallets
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.catalogue.entitlement import TicketsCredited, WalletOpened
from kippu_events.consumer.projector import ProjectorRunner
from kippu_events.consumer.runner import Tuning
from kippu_events.envelope import Envelope
from kippu_events.replay import dump
from kippu_events.work import Cause, Work
from kippu_service.settings import Settings

PLAN = Path(__file__).parents[2] / "plans" / "iij-se.toml"


async def caught_up(house: House, service: str, *names: str) -> None:
    """Runs these projectors until they have heard everything."""
    for projector in house.services[service].projectors:
        if projector.name in names:
            runner = ProjectorRunner(
                service,
                projector,
                EmbeddedBus(house.logs),
                house.runtimes[service].connect_writer,
                Tuning(attempts=1, backoff_seconds=0.01),
            )
            await runner.run(await projections.heads_of(house, projector))


async def shown(house: House, *tables: str) -> bytes:
    connection = await house.runtimes["entitlement"].connect_writer()
    try:
        return await dump(connection, tables)
    finally:
        await connection.close()


async def a_wallet(house: House) -> str:
    wallet_id = "customer-1.iij-se"

    async def decide(work: Work) -> None:
        stream = await work.load(folds.WALLET, "iij", streams.wallet("iij", wallet_id))
        about = {"wallet_id": wallet_id, "customer_id": "customer-1", "occurred_at": work.now}
        work.record(
            stream,
            WalletOpened(plan_family="iij-se", **about),
            TicketsCredited(
                lot_id="O-1", order_id="O-1", quantity=5, valid_from=work.now, expires_at=work.now, **about
            ),
        )

    await house.runtimes["entitlement"].worker.run(Cause("test", "test"), decide)
    return wallet_id


async def test_a_plan_is_published_once_and_never_changed(house: House, tmp_path: Path) -> None:
    assert await plans.publish_one(house, PLAN)
    assert not await plans.publish_one(house, PLAN)
    changed = tmp_path / "changed.toml"
    changed.write_text(PLAN.read_text("utf-8").replace("valid_days = 14", "valid_days = 15"), "utf-8")
    with pytest.raises(Trouble, match="published with another text") as refused:
        await plans.publish_one(house, changed)
    assert refused.value.where == f"{changed}:{line_of(PLAN, 'version = ')}"


async def test_a_version_takes_effect_today_or_later_and_after_the_last_one(house: House, tmp_path: Path) -> None:
    await plans.publish_one(house, PLAN)
    file = tmp_path / "next.toml"

    def version(name: str, effective_from: date) -> Path:
        text = PLAN.read_text("utf-8").replace('version = "2025-04-01"', f'version = "{name}"')
        file.write_text(text.replace("effective_from = 2025-04-01", f"effective_from = {effective_from}"), "utf-8")
        return file

    ahead = datetime.now(UTC).date() + timedelta(days=2)
    for name, day in (("backdated", ahead - timedelta(days=9)), ("overlapping", date(2025, 4, 1))):
        with pytest.raises(Trouble, match=r"would (change what was in force|not come after)") as refused:
            await plans.publish_one(house, version(name, day))
        assert refused.value.where == f"{file}:{line_of(PLAN, 'effective_from = ')}"
    assert await plans.publish_one(house, version("next", ahead))
    with pytest.raises(Trouble, match="would not come after next"):
        await plans.publish_one(house, version("overlapping", ahead))


def line_of(file: Path, beginning: str) -> int:
    return next(n for n, line in enumerate(file.read_text("utf-8").splitlines(), 1) if line.startswith(beginning))


def test_a_familys_versions_are_published_in_the_order_in_which_they_take_effect(tmp_path: Path) -> None:
    text = PLAN.read_text("utf-8")
    later = text.replace('version = "2025-04-01"', 'version = "b"').replace("from = 2025-04-01", "from = 2026-04-01")
    (tmp_path / "a.toml").write_text(later, "utf-8")
    (tmp_path / "b.toml").write_text(text, "utf-8")
    files = plans.plan_files(Settings(plans_dir=tmp_path, data_dir=tmp_path))
    assert [file.name for file in files] == ["b.toml", "a.toml"]


async def test_a_rebuilt_read_model_is_the_same(house: House) -> None:
    await plans.publish_one(house, PLAN)
    await caught_up(house, "entitlement", "plans")
    before = await shown(house, *Plans.tables)
    assert b"iij-se" in before
    await projections.rebuilt(house, "plans")
    assert await shown(house, *Plans.tables) == before


async def test_what_was_parked_is_redriven_once_it_is_mended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def poisoned(self: Plans, connection: Any, batch: Sequence[Envelope]) -> None:
        raise ValueError("cannot be read")

    await plans.publish_one(house, PLAN)
    with monkeypatch.context() as broken:
        broken.setattr(Plans, "apply", poisoned)
        await caught_up(house, "entitlement", "plans")
        [(service, key)] = await parked.parked_everywhere(house)
        assert (service, key.events) == ("entitlement", 1)
        assert "cannot be read" in key.error
        [outcome] = await parked.redriven(house, None)
        assert outcome.error is not None
        assert outcome.left == 1
    [outcome] = await parked.redriven(house, None)
    assert (outcome.done, outcome.left, outcome.error) == (1, 0, None)
    assert b"iij-se" in await shown(house, *Plans.tables)
    assert await parked.parked_everywhere(house) == []


async def test_a_statement_is_made_again_from_the_log_alone(house: House) -> None:
    wallet = wallet_subject(await a_wallet(house))
    # Nothing has been projected live: the figures come from the log.
    assert b'"balance":5' in await audit.remade(house, "iij", wallet)
    assert b"customer-1" not in await shown(house, *Wallets.tables)
    with pytest.raises(Trouble, match=r"There is no wallet nobody\.iij-se"):
        await audit.remade(house, "iij", wallet_subject("nobody.iij-se"))
    with pytest.raises(Trouble, match="There is no"):
        await audit.remade(house, "other", wallet)


async def test_replaying_leaves_no_scratch_database_behind(house: House) -> None:
    await audit.remade(house, "iij", wallet_subject(await a_wallet(house)))
    connection = await house.runtimes["entitlement"].connect_writer()
    try:
        names = await connection.fetch(
            "select datname from pg_database where datname like $1", f"{house.settings.prefix}%"
        )
    finally:
        await connection.close()
    assert {row["datname"] for row in names} == {house.settings.database_of(name) for name in (*PARTS, "keyring")}


def test_a_difference_is_shown_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert not audit.report(wallet_subject("w"), b'{"balance":5}', b'{"balance":6}', show=False)
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert '- "balance": 6' in told
    assert '+ "balance": 5' in told
    assert audit.report(wallet_subject("w"), b'{"balance":5}', b'{"balance":5}', show=False)
