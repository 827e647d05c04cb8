"""The commands as people meet them: an expected fault says what, where and what to do, and shows no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kippu.ground import only_one
from kippu.main import COMMANDS, app, run
from kippu.services import PARTS
from kippu.up import with_mail_port
from kippu_service.settings import Settings
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
APPS = {f"kippu_{name}.app" for name in PARTS}


def kippu(*arguments: str, data_dir: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "kippu.main", *arguments],
        cwd=ROOT,
        env={**os.environ, "KIPPU_DATA_DIR": str(data_dir), "COLUMNS": "160", "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_plan_file_that_is_in_order(tmp_path: Path) -> None:
    code, told = kippu("plans", "check", "plans/iij-se.toml", data_dir=tmp_path)
    assert code == 0
    assert "iij-se 2025-04-01 of iij" in told


REPLAY, LIVE = ("audit", "replay", "--provider", "iij", "--wallet", "w"), "entitlement=http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("token", "make", "--provider", "iij"), {}, "There are no databases of Kippu here yet"),
        (("plans", "publish", "plans/iij-se.toml"), {}, "start `kippu up` once"),
        (("parked", "list"), {"KIPPU_PROVIDER": "iij"}, "did you mean KIPPU_PROVIDERS"),
        (("up",), {"KIPPU_PLANS_DIR": "/nowhere"}, "no plan files"),
    ],
)
def test_a_fault_is_told_for_people(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    code, told = kippu(*arguments, data_dir=tmp_path, **environment)
    assert code == 1, told
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("audit", "replay", "--provider", "iij"), "Nothing was asked for"),
        (("audit", "replay", "--provider", "IIJ", "--wallet", "w"), "'IIJ' is no provider's id"),
        ((*REPLAY, "--compare", "intake=http://127.0.0.1:1"), "Nothing that was asked for is held against intake"),
        ((*REPLAY, "--compare", LIVE, "--as-of", "2026-06-16T18:00Z"), "answers what is known now"),
        ((*REPLAY, "--compare", "other=http://127.0.0.1:1"), "is not SERVICE=URL"),
        ((*REPLAY, "--compare", "entitlement"), "is not SERVICE=URL"),
        ((*REPLAY, "--compare", "entitlement=127.0.0.1:1"), "'127.0.0.1:1' is no address"),
        ((*REPLAY, "--compare", "entitlement=http://127.0.0.1:x"), "'http://127.0.0.1:x' is no address"),
        ((*REPLAY, "--as-of", "2026-02-30"), "is no instant"),
        ((*REPLAY, "--as-of", "2026-02-03"), "has no time zone"),
        (("events", "schemas", "README.md"), "is a file"),
        (("events", "schemas", "README.md/schemas"), "README.md is no folder"),
        (("keys", "make", "README.md/keys"), "README.md is no folder"),
        (("keys", "make", "docs", "--password", "README.md/password"), "README.md is no folder"),
        (("plans", "check", "plans/no-such.toml"), "does not exist"),
        (("plans", "rehearse", "plans/iij-se.toml", "--since", "2026-02-30"), "'2026-02-30' is no date"),
        (("plans", "rehearse", "plans/iij-se.toml", "--since", "2026-13-01"), "'2026-13-01' is no date"),
        (("plans", "rehearse", "plans/iij-se.toml", "--since", "20260216"), "'20260216' is no date"),
        (("serve", "nothing"), "There is no service 'nothing'"),
        (("story", "--at", "http://127.0.0.1:1"), "needs {service}"),
        (("story", "--at", "http://{service}:{port}"), "needs {service}"),
        (("story", "--at", "{service}:8000"), "'{service}:8000' is no address"),
        (("story", "--at", "http://{service}:8000", "--only", "other"), "There is no story of other"),
        (("story", "--at", "http://{service}:8000", "--figures", "no-such/figures.json"), "There is no folder no-such"),
        (("token", "make", "--provider", "IIJ"), "'IIJ' is no valid value"),
        (("token", "make", "--provider", "other"), "choose of iij, svt, qnp, nec, cwc"),
        (("token", "make", "--provider", "iij", "--client", "a b"), "'a b' is no valid value"),
        (("token", "make", "--provider", "iij", "--customer", ""), "'' is no valid value"),
        (("token", "make", "--provider", "iij", "--scope", "tickets"), "'tickets' is no valid value"),
        (("up", "--bus", "other"), "'other' is not one of"),
        (("up", "--only", "other"), "choose of qnp, iij, svt, nec, cwc, or name none"),
        (("up", "--figures", "README.md/figures.json"), "README.md is no folder"),
        (("up", "--figures", "docs"), "is a directory"),
    ],
)
def test_a_wrong_argument_is_told_and_ends_as_wrong_usage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    for name, value in {"KIPPU_DATA_DIR": str(tmp_path), "COLUMNS": "160", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["kippu", *arguments])
    with pytest.raises(SystemExit) as ended:
        run()
    told = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 2, told
    assert said in told
    assert " to do " in told or "Usage: " in told
    assert not list(tmp_path.iterdir()), "nothing was made or started before"


def test_who_forgets_that_the_stories_have_their_own_data_is_told_where_they_are(tmp_path: Path) -> None:
    made = tmp_path / "story" / "postgres" / "data" / "PG_VERSION"
    made.parent.mkdir(parents=True)
    made.touch()
    code, told = kippu("parked", "list", data_dir=tmp_path)
    assert code == 1, told
    folder = os.path.relpath(tmp_path / "story", ROOT)
    assert f"export KIPPU_DATA_DIR={folder} KIPPU_PREFIX=kippu_story KIPPU_CLOCK_FILE={folder}/clock" in told
    assert not (tmp_path / "postgres").exists(), "nothing is made by looking"


def test_any_free_port_for_mail_is_known_before_it_is_told() -> None:
    assert with_mail_port(Settings(smtp_port=0)).smtp_port > 0
    assert with_mail_port(Settings(smtp_port=8126)).smtp_port == 8126


def test_stories_that_are_still_up_keep_their_clock_and_mails(tmp_path: Path) -> None:
    clock, mail = tmp_path / "story" / "clock", tmp_path / "story" / "mail"
    with only_one(tmp_path / "story"):
        mail.mkdir()
        clock.write_text("2026-06-15T12:00:00+00:00")
        code, told = kippu("up", "--story", data_dir=tmp_path)
        assert code == 1, told
        assert "Another Kippu runs on the same data folder" in told
        assert clock.exists()
        assert mail.exists()


def test_a_plan_files_faults_come_with_file_and_line_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    text = (ROOT / "plans" / "iij-se.toml").read_text("utf-8").replace('country = "TH"', 'country = "XX"')
    file.write_text(text)
    code, told = kippu("plans", "check", "plans/qnp.toml", str(file), data_dir=tmp_path)
    assert code == 1
    line = text.splitlines().index('country = "XX"') + 1
    assert f"{file}:{line}: country: the public holidays of XX are not known\n" in told
    assert "to do  use an ISO 3166-1 alpha-2 code" in told
    assert "1 fault." in told
    assert "Traceback" not in told


def test_two_versions_that_take_effect_on_one_day_are_refused_with_the_line(tmp_path: Path) -> None:
    plan = ROOT / "plans" / "iij-se.toml"
    other = tmp_path / "iij-se-2.toml"
    text = plan.read_text("utf-8").replace('version = "2025-04-01"', 'version = "2025-04-01a"')
    other.write_text(text)
    code, told = kippu("plans", "check", str(plan), str(other), data_dir=tmp_path)
    assert code == 1
    line = text.splitlines().index("effective_from = 2025-04-01") + 1
    assert f"{other}:{line}: effective_from: 2025-04-01 ({plan}) is in force from 2025-04-01, too\n" in told
    later = text.replace("effective_from = 2025-04-01", "effective_from = 2026-04-01")
    other.write_text(later)
    code, told = kippu("plans", "check", str(plan), str(other), data_dir=tmp_path)
    assert code == 0, told
    assert told.count("✓") == 2


@pytest.mark.parametrize("module", ["kippu.main", "kippu.token", "kippu.serve", "kippu.migrate"])
def test_a_service_is_not_imported_before_it_is_built(module: str) -> None:
    looked = f"import {module}, sys; print(*sys.modules.keys() & {APPS})"
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_command_is_listed_and_one_that_is_mistyped_is_guessed() -> None:
    listed = CliRunner().invoke(app, ["--help"])
    assert listed.exit_code == 0, listed.output
    for name in COMMANDS:
        assert f" {name} " in listed.output
    guessed = CliRunner().invoke(app, ["projection"])
    assert guessed.exit_code == 2
    assert "projections" in guessed.output


def test_a_file_that_is_no_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes('family = "x"\nname = "café"\n'.encode("latin-1"))
    code, told = kippu("plans", "check", str(file), data_dir=tmp_path)
    assert code == 1
    assert "not UTF-8" in told
    assert f"{file}:2" in told
