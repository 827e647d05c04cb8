"""The image and the compose files: every service that there is runs without rights, and no secret is written there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from kippu.services import PARTS
from kippu_service.server import DRAIN_SECONDS
from kippu_service.settings import PREFIX, Settings

ROOM = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOM / "docker-compose.yml").read_text("utf-8"))
STORY = yaml.safe_load((ROOM / "docker-compose.override.yml").read_text("utf-8"))
DOCKERFILE = (ROOM / "Dockerfile").read_text("utf-8")
ONCE = ("keys", "migrate")
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("service", PARTS)
def test_every_service_of_the_code_runs_from_the_image(service: str) -> None:
    told = COMPOSE["services"][service]
    assert told["command"] == ["serve", service]
    assert told["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "kafka": {"condition": "service_healthy"},
    }
    assert int(told["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS
    assert f"{PREFIX}{service.upper()}_PORT=8000" in DOCKERFILE
    assert STORY["services"][service]["environment"] == {"KIPPU_CLOCK_FILE": "/clock/now"}
    assert STORY["services"]["story"]["depends_on"][service] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", [*COMPOSE["services"], "story"])
def test_a_container_has_no_rights(name: str) -> None:
    told: dict[str, Any] = COMPOSE["services"].get(name) or STORY["services"][name]
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in told
    if name != "kafka":  # its start writes its configuration beside its program
        assert told["read_only"] is True
    if name not in {*ONCE, "story"} and name not in PARTS:  # the image has its own for the services
        assert told["healthcheck"]["test"]


@pytest.mark.parametrize("file", [COMPOSE, STORY], ids=["house", "story"])
def test_secrets_are_files_and_settings_are_settings_that_there_are(file: dict[str, Any]) -> None:
    for name, told in file["services"].items():
        for variable, value in (told.get("environment") or {}).items():
            assert variable in KNOWN or not variable.startswith(PREFIX), (name, variable)
            if re.search("PASSWORD|SECRET|KEY", variable):
                assert str(value).startswith(("/keys/", "/password/")), (name, variable)
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), (name, variable)


def test_the_administrators_password_is_where_it_is_needed_alone() -> None:
    holders = set()
    for file in (COMPOSE, STORY):
        for name, told in file["services"].items():
            if any(str(volume).startswith("password:") for volume in told.get("volumes") or []):
                holders.add(name)
    assert holders == {"keys", "postgres", "migrate", "story"}


def test_the_image_is_nobodys_root_and_pinned_by_hashes() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*--timeout=", final, re.MULTILINE)
    assert final.rstrip().endswith('ENTRYPOINT ["kippu"]')
    assert "# syntax=" not in DOCKERFILE
    for line in re.findall(r"pip install (.*?)(?: \\)?$", DOCKERFILE, re.MULTILINE):
        assert "--require-hashes" in line or "--no-index" in line, line
    for variable in re.findall(rf"\b({PREFIX}\w+)=", DOCKERFILE):
        assert variable in KNOWN


def pinned(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[.*?\])?==(\S+)", (ROOM / lock).read_text("utf-8"), re.MULTILINE))


def test_what_runs_in_production_is_what_was_tested() -> None:
    everything, production = pinned("requirements.lock"), pinned("requirements-production.lock")
    project = tomllib.loads((ROOM / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(project["dependencies"]) <= production.keys(), "make lock"
    assert production.items() <= everything.items()
    assert not {"pytest", "mypy", "uv"} & production.keys()
    assert pinned("requirements-build.lock").items() <= everything.items()
