"""Settings: from the environment (`KIPPU_*`), checked at the start, frozen afterwards."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kippu_service.tokens import PROVIDER_ID

PREFIX = "KIPPU_"


class SettingsWrong(Exception):
    """The settings cannot be used; the text says which, why, and what to do."""


def _provider_list(value: str | Sequence[str]) -> tuple[str, ...]:
    """From `iij,other` in the environment, or from a sequence."""
    providers = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else tuple(value)
    for provider in providers:
        if not PROVIDER_ID.fullmatch(provider):
            raise ValueError(f"{provider!r} is not a provider id: 2 to 20 of a-z and 0-9, a letter first")
    return providers


class MailAddress(BaseModel):
    """An address of ours that takes requests, whose it is, and under which family of terms. Lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(pattern=r"^[a-z0-9._+-]{1,64}@[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")
    provider: str = Field(pattern=PROVIDER_ID.pattern)
    family: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")


def _mail_addresses(value: str | Sequence[MailAddress]) -> tuple[MailAddress, ...]:
    """From `support@iij.example=iij/iij-se,…` in the environment, or from a sequence."""
    if not isinstance(value, str):
        return tuple(value)
    addresses = []
    for entry in filter(None, (part.strip() for part in value.split(","))):
        address, _, owner = entry.partition("=")
        provider, _, family = owner.partition("/")
        addresses.append(MailAddress(address=address.strip().lower(), provider=provider.strip(), family=family.strip()))
    if len({entry.address for entry in addresses}) < len(addresses):
        raise ValueError("an address is named twice")
    return tuple(addresses)


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
        raise ValueError("must be an https address (http only on this host)")
    return value


def _postgres_address(value: SecretStr) -> SecretStr:
    if urlsplit(value.get_secret_value()).scheme not in ("postgresql", "postgres"):
        raise ValueError("must look like postgresql://user:password@host:5432/postgres")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
Port = Annotated[int, Field(ge=0, le=65535)]
"""0 asks the operating system for a free one."""


class Settings(BaseSettings):
    """What an operator can set. Every default fits the embedded mode on one machine."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", populate_by_name=True)

    mode: Literal["embedded", "kafka"] = "embedded"
    """Which bus: the log itself, or Kafka."""
    data_dir: Path = Path(".kippu")
    """Where the embedded mode keeps its database, keys, demo clients and mail."""
    prefix: str = Field("kippu", pattern=r"^[a-z][a-z0-9_]{0,19}$")
    """Databases are named {prefix}_{service}, roles {prefix}_{service}_{owner|writer|reader}."""
    database_url: Annotated[SecretStr, AfterValidator(_postgres_address)] | None = Field(
        None, validation_alias=AliasChoices("KIPPU_DATABASE_URL", "DATABASE_URL")
    )
    """A PostgreSQL 15 or newer; without it one is started in data_dir. Only what makes databases (`kippu migrate`)
    needs it to name a user who may, with a password; a service connects as roles of its own."""
    database_password_file: Path | None = None
    """Holds the password of the user in database_url, where the address does not."""
    kafka_bootstrap_servers: str | None = Field(
        None, validation_alias=AliasChoices("KIPPU_KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS")
    )
    """host:port, several separated by commas; without it, in kafka mode, a broker is started in data_dir."""
    kafka_replication: int = Field(1, ge=1, le=7)
    """Brokers that keep each new topic: 3 where there are three or more."""

    providers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_provider_list)] = (
        "iij",
        "svt",
        "qnp",
        "nec",
        "cwc",
    )
    """Ids of the providers that are served here, separated by commas."""
    plans_dir: Path = Path("plans")

    host: str = "127.0.0.1"
    intake_port: Port = 8101
    entitlement_port: Port = 8102
    dispatch_port: Port = 8103
    billing_port: Port = 8104
    console_port: Port = 8100

    issuer: str = "urn:kippu:embedded"
    """`iss` of the tokens that are accepted."""
    audience: str = "kippu"
    jwks_url: WebAddress | None = None
    """The issuer's keys. Without it Kippu makes its own tokens, for clients in clients_file."""
    clients_file: Path | None = None
    signing_key_file: Path | None = None
    """Holds the key of Kippu's own tokens (Ed25519, PEM). Services that run apart need the same one."""
    token_seconds: int = Field(3600, ge=60, le=86_400)
    master_key_file: Path | None = None
    """Holds the key that wraps the keyring (64 hexadecimal digits). Required with a database of your own."""

    mail_domain: str = Field("kippu.example", pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")
    mail_addresses: Annotated[tuple[MailAddress, ...], NoDecode, BeforeValidator(_mail_addresses)] = (
        MailAddress(address="support@iij.example", provider="iij", family="iij-se"),
        MailAddress(address="support@svt.example", provider="svt", family="svt"),
        MailAddress(address="support@qnp.example", provider="qnp", family="qnp"),
        MailAddress(address="support@nec.example", provider="nec", family="nec-esp"),
        MailAddress(address="support@cwc.example", provider="cwc", family="cwc"),
    )
    """Where requests come in, as `address=provider/family`, separated by commas. A provider's first one is also whom
    its mails are from, so that answers to them arrive."""
    smtp_host: str = "127.0.0.1"
    smtp_port: Port = 8125
    """Where mail comes in."""
    smtp_certificate_file: Path | None = None
    """The certificate (PEM, with its chain) by which whoever sends mail may encrypt it on its way (STARTTLS). It
    and its key are read again once they were renewed."""
    smtp_key_file: Path | None = None
    """The certificate's key (PEM)."""
    smtp_relay_host: str | None = None
    """Where mail goes out; without it, into the folder data_dir/mail."""
    smtp_relay_port: Port = 587
    smtp_relay_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_relay_user: str | None = None
    smtp_relay_password: SecretStr | None = None
    smtp_relay_password_file: Path | None = None
    """Holds the password of smtp_relay_user, where no variable may."""

    clock_file: Path | None = None
    """For demos only: business time is the instant in this file, and stands still until somebody moves it."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.database_url is not None and self.master_key_file is None:
            raise ValueError(
                "a database of your own needs KIPPU_MASTER_KEY_FILE, or personal data could not be read after data_dir"
                " is lost: make one with `openssl rand -hex 32 > master.key` and keep it apart from the backups"
            )
        passwords = [each for each in (self.smtp_relay_password, self.smtp_relay_password_file) if each is not None]
        if len(passwords) != (self.smtp_relay_user is not None):
            raise ValueError(
                "KIPPU_SMTP_RELAY_USER and one of KIPPU_SMTP_RELAY_PASSWORD and KIPPU_SMTP_RELAY_PASSWORD_FILE go"
                " together: set both or neither"
            )
        if (self.smtp_certificate_file is None) != (self.smtp_key_file is None):
            raise ValueError("KIPPU_SMTP_CERTIFICATE_FILE and KIPPU_SMTP_KEY_FILE go together: set both or neither")
        return self

    def port_of(self, service: str) -> int:
        """The port that a service's API listens on."""
        return int(getattr(self, f"{service}_port"))

    def database_of(self, service: str) -> str:
        return f"{self.prefix}_{service}"

    @property
    def keyring_database(self) -> str:
        return f"{self.prefix}_keyring"

    @property
    def master_key_path(self) -> Path:
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def clients_path(self) -> Path:
        return self.clients_file or self.data_dir / "clients.toml"

    @property
    def signing_key_path(self) -> Path:
        return self.signing_key_file or self.data_dir / "signing.pem"

    @property
    def mail_folder(self) -> Path:
        return self.data_dir / "mail"


def load_settings() -> Settings:
    """The settings of the environment. Raises SettingsWrong, which names everything that is wrong at once."""
    wrong = _unknown_variables()
    try:
        settings = Settings()
    except ValidationError as error:
        wrong += [
            f"{_variable(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
        ]
    if wrong:
        raise SettingsWrong("The settings cannot be used:\n" + "\n".join(f"  {line}" for line in wrong))
    return settings


def _variable(location: tuple[int | str, ...]) -> str:
    """The environment variable's name; empty for what concerns several, where the message names them."""
    name = str(location[0]) if location else "together"
    return name if name.isupper() or not location else PREFIX + name.upper()


def _unknown_variables() -> list[str]:
    """A misspelt variable would leave its default in force, silently."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    unknown = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            unknown.append(f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else ""))
    return unknown
