"""Mail out by a relay that wants to know who sends: with the password of a variable, or of a file."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from kippu_events.outbox import NotNow
from kippu_intake.app import transport
from kippu_service.settings import Settings, SettingsWrong
from pydantic import SecretStr

PASSWORD = "pass word/ü"


class Relay:
    """Takes mail from who signs in with the password, and from nobody else."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def sign_in(self, server: Any, session: Any, envelope: Any, mechanism: str, told: Any) -> AuthResult:
        assert isinstance(told, LoginPassword)
        return AuthResult(success=(told.login, told.password) == (b"kippu", PASSWORD.encode()), handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        self.taken.append(envelope.content)
        return "250 OK"


@pytest.fixture
async def relay() -> AsyncIterator[tuple[Relay, dict[str, Any]]]:
    """The relay, and the settings by which it is found."""
    handler = Relay()

    def session() -> SMTP:
        return SMTP(handler, authenticator=handler.sign_in, auth_require_tls=False)

    async with await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield handler, {"smtp_relay_host": "127.0.0.1", "smtp_relay_port": port, "smtp_relay_security": "none"}


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"] = "support@kippu.example", "contact-1@customer-1.example"
    made.set_content("Hello")
    return made


@pytest.mark.parametrize("where", ["variable", "file"])
async def test_a_mail_goes_out_with_the_password_wherever_it_stands(
    relay: tuple[Relay, dict[str, Any]], tmp_path: Path, where: str
) -> None:
    handler, found = relay
    (tmp_path / "password").write_text(f"{PASSWORD}\n", "utf-8")
    told: dict[str, dict[str, Any]] = {
        "variable": {"smtp_relay_password": SecretStr(PASSWORD)},
        "file": {"smtp_relay_password_file": tmp_path / "password"},
    }
    await transport(Settings(**found, **told[where], smtp_relay_user="kippu")).send(message())
    assert len(handler.taken) == 1


async def test_a_mail_waits_while_the_password_is_not_the_relays(
    relay: tuple[Relay, dict[str, Any]], tmp_path: Path
) -> None:
    handler, found = relay
    (tmp_path / "password").write_text("another")
    settings = Settings(**found, smtp_relay_user="kippu", smtp_relay_password_file=tmp_path / "password")
    with pytest.raises(NotNow, match="the relay refuses us: 535"):
        await transport(settings).send(message())
    assert handler.taken == []


def test_a_password_that_cannot_be_read_is_named_at_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "password"
    settings = Settings(smtp_relay_host="smtp.example", smtp_relay_user="kippu", smtp_relay_password_file=missing)
    with pytest.raises(SettingsWrong, match=f"{missing} cannot be read"):
        transport(settings)
