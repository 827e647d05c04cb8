"""Settings: defaults that run, and errors that say what is wrong and what to do."""

from pathlib import Path

import pytest
from kippu_service.settings import Settings, SettingsWrong, load_settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_fit_the_embedded_mode() -> None:
    settings = load_settings()
    assert settings.mode == "embedded"
    assert settings.database_url is None
    assert settings.master_key_path == Path(".kippu/master.key")
    assert settings.database_of("intake") == "kippu_intake"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://admin:secret@db.example/postgres",
        "KIPPU_MASTER_KEY_FILE": str(tmp_path / "master.key"),
        "KIPPU_PROVIDERS": "iij, svt",
        "KIPPU_INTAKE_PORT": "0",
        "KIPPU_JWKS_URL": "https://issuer.example/jwks.json",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.providers == ("iij", "svt")
    assert settings.port_of("intake") == 0
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value().startswith("postgresql://admin")
    assert "secret" not in repr(settings)


WRONG = {
    "KIPPU_MODE": ("rabbit", "'embedded' or 'kafka'"),
    "KIPPU_PREFIX": ("Kippu-1", "KIPPU_PREFIX"),
    "KIPPU_PROVIDERS": ("IIJ-SE", "is not a provider id: 2 to 20 of a-z and 0-9"),
    "KIPPU_INTAKE_PORT": ("65536", "KIPPU_INTAKE_PORT"),
    "KIPPU_JWKS_URL": ("http://issuer.example/jwks.json", "must be an https address"),
    "KIPPU_DATABASE_URL": ("mysql://secret@db.example", "must look like postgresql://"),
    "KIPPU_MAIL_DOMAIN": ("two words", "KIPPU_MAIL_DOMAIN"),
    "KIPPU_MASTERKEY_FILE": ("x", "there is no such setting; did you mean KIPPU_MASTER_KEY_FILE?"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    value, why = WRONG[name]
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsWrong) as raised:
        load_settings()
    assert name in str(raised.value)
    assert why in str(raised.value)
    assert "secret" not in str(raised.value)


def test_all_of_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (value, _) in WRONG.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsWrong) as raised:
        load_settings()
    assert all(name in str(raised.value) for name in WRONG)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"KIPPU_DATABASE_URL": "postgresql://db.example/postgres"}, "openssl rand -hex 32 > master.key"),
        ({"KIPPU_SMTP_RELAY_USER": "kippu"}, "set both or neither"),
        ({"KIPPU_SMTP_RELAY_PASSWORD_FILE": "/keys/relay-password"}, "set both or neither"),
        (
            {"KIPPU_SMTP_RELAY_USER": "kippu"}
            | {"KIPPU_SMTP_RELAY_PASSWORD": "one", "KIPPU_SMTP_RELAY_PASSWORD_FILE": "/keys/relay-password"},
            "one of KIPPU_SMTP_RELAY_PASSWORD and KIPPU_SMTP_RELAY_PASSWORD_FILE",
        ),
        ({"KIPPU_SMTP_CERTIFICATE_FILE": "/keys/tls.crt"}, "KIPPU_SMTP_KEY_FILE go together"),
    ],
)
def test_settings_that_do_not_fit_together_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsWrong) as raised:
        load_settings()
    assert why in str(raised.value)


def test_they_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().mode = "kafka"  # type: ignore[misc]  # that is what is tried


def test_keys_stand_where_the_settings_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().signing_key_path == Path(".kippu/signing.pem")
    monkeypatch.setenv("KIPPU_SIGNING_KEY_FILE", str(tmp_path / "signing.pem"))
    assert load_settings().signing_key_path == tmp_path / "signing.pem"
