"""Services that run apart: the clock they share in a demo, their keys, and databases that somebody else prepared."""

import shlex
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kippu import ground
from kippu.common import for_the_story, variables
from kippu.compose import Ports, built, token_maker
from kippu.main import app
from kippu.opened import nothing_yet
from kippu.shared_clock import SharedClock
from kippu.story import CLOCK_STARTS_AT
from kippu.trouble import Trouble
from kippu_events.ports import SystemClock
from kippu_service.settings import Settings, load_settings
from kippu_service.token_maker import SigningKey
from typer.testing import CliRunner

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_one_moves_the_clock_and_the_others_see_it_at_once(tmp_path: Path) -> None:
    mover = SharedClock.set(tmp_path / "clock", NOON)
    reader = Ports.of(Settings(clock_file=tmp_path / "clock")).clock
    mover.move_to(NOON + timedelta(days=3))
    assert reader.now() == NOON + timedelta(days=3)
    assert reader.now().tzinfo is UTC


def test_the_clock_never_goes_back_and_is_set_once(tmp_path: Path) -> None:
    mover = SharedClock.set(tmp_path / "clock", NOON)
    other = SharedClock(tmp_path / "clock")
    mover.move_to(NOON + timedelta(hours=2))
    with pytest.raises(ValueError, match="never goes back"):
        other.move_to(NOON + timedelta(hours=1))
    assert SharedClock.set(tmp_path / "clock", NOON).now() == NOON + timedelta(hours=2)


@pytest.mark.parametrize("text", [None, "", "noon"])
def test_a_clock_that_cannot_be_read_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "clock").write_text(text)
    with pytest.raises(Trouble, match="clock cannot be read"):
        SharedClock(tmp_path / "clock")


def test_without_a_setting_business_time_is_the_systems() -> None:
    assert isinstance(Ports.of(Settings()).clock, SystemClock)


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIPPU_CLOCK_FILE", str(tmp_path / "clock"))
    folder = tmp_path / "keys"
    command = ["keys", "make", str(folder), "--password", str(folder / "postgres"), "--demo"]
    made = CliRunner().invoke(app, command, catch_exceptions=False)
    assert made.exit_code == 0, made.output
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(first) == {"master.key", "signing.pem", "postgres", "clients.toml", "clients.secrets"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert SharedClock(tmp_path / "clock").now().year == 2026

    CliRunner().invoke(app, command, catch_exceptions=False)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first


def test_a_signing_key_that_is_named_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="signs tokens cannot be read"):
        token_maker(Settings(signing_key_file=tmp_path / "signing.pem"))
    assert not (tmp_path / "signing.pem").exists()


def test_a_token_of_a_key_that_is_named_needs_no_databases_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SigningKey.load_or_make(tmp_path / "signing.pem")
    monkeypatch.setenv("KIPPU_SIGNING_KEY_FILE", str(tmp_path / "signing.pem"))
    monkeypatch.setenv("KIPPU_DATA_DIR", str(tmp_path / "none"))
    made = CliRunner().invoke(app, ["token", "make", "--provider", "iij"], catch_exceptions=False)
    assert (made.exit_code, made.output.count(".")) == (0, 2)


def test_on_a_server_of_ones_own_that_is_still_empty_nobody_is_sent_to_the_stories(tmp_path: Path) -> None:
    settings = Settings(
        database_url="postgresql://admin:hidden@db.example:5432/postgres",
        master_key_file=tmp_path / "master.key",
        data_dir=tmp_path,
    )
    told = nothing_yet(settings)
    assert told.remedy == "run `kippu migrate` once, or set KIPPU_PREFIX to those that you mean"
    assert told.where == "kippu_… on the server of KIPPU_DATABASE_URL"


def test_what_is_to_be_exported_holds_in_a_shell_whatever_the_folder_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = variables(for_the_story(Settings(data_dir=tmp_path / "my data")))
    assert shlex.split(told) == [
        "KIPPU_DATA_DIR=my data/story",
        "KIPPU_PREFIX=kippu_story",
        "KIPPU_CLOCK_FILE=my data/story/clock",
    ]


def test_the_stories_do_not_nest_in_a_shell_that_has_their_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = variables(for_the_story(Settings(data_dir=tmp_path / "my data")))
    for assignment in shlex.split(printed):
        monkeypatch.setenv(*assignment.split("=", 1))
    assert variables(for_the_story(load_settings())) == printed
    # But what only looks like theirs is not for them to wipe.
    monkeypatch.setenv("KIPPU_CLOCK_FILE", str(tmp_path / "clock"))
    assert for_the_story(load_settings()).data_dir == Path("my data/story/story")


def test_the_databases_password_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a/b c\n")
    settings = Settings(
        database_url="postgresql://admin@db.example:5432/postgres?sslmode=require",
        database_password_file=tmp_path / "password",
        master_key_file=tmp_path / "master.key",
    )
    with ground.postgres(settings) as url:
        assert url == "postgresql://admin:a%2Fb%20c@db.example:5432/postgres?sslmode=require"


async def test_a_service_starts_only_on_databases_that_were_migrated(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(prefix="apart", data_dir=tmp_path)
    with pytest.raises(Trouble, match="cannot be used") as raised:
        await ground.prepared(ground.databases(postgres_url, settings))
    assert raised.value.remedy == "run `kippu migrate` first"


async def test_a_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(Trouble, match="PostgreSQL does not answer: "):
        async with built(settings, ground.databases("postgresql://admin@127.0.0.1:1/postgres", settings)):
            pass


async def test_a_role_that_row_security_does_not_bind_is_no_server_that_is_away(
    postgres_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    databases = ground.databases(postgres_url, settings)
    unbound = replace(databases, keyring=replace(databases.keyring, writer_url=postgres_url))
    with pytest.raises(Trouble, match=r"^[a-z]+ bypasses row-level security"):
        async with built(settings, unbound):
            pass


def test_the_stories_are_played_only_on_databases_that_were_migrated(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "master.key").write_text("0" * 64)
    SharedClock.set(tmp_path / "clock", CLOCK_STARTS_AT)
    for name, value in {
        "KIPPU_DATABASE_URL": postgres_url,
        "KIPPU_PREFIX": "apart",
        "KIPPU_MASTER_KEY_FILE": str(tmp_path / "master.key"),
        "KIPPU_CLOCK_FILE": str(tmp_path / "clock"),
        "KIPPU_DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Trouble, match="cannot be used") as raised:
        CliRunner().invoke(app, ["story", "--at", "http://{service}.example"], catch_exceptions=False)
    assert raised.value.remedy == "run `kippu migrate` first"
