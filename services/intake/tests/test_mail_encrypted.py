"""Mail that comes in encrypted: STARTTLS, where there is a certificate."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from kippu_events.catalogue.intake import TicketOpened
from kippu_events.testing.plugin import MakeDatabase
from kippu_intake.mail.certificate import Certificate, tls_of
from kippu_intake.mail.smtp import MAX_CONNECTIONS
from kippu_intake.testing import ONE, PATIENCE_SECONDS, SUPPORT, House, a_mail, house
from kippu_service.settings import SettingsWrong

NAME = "mx.kippu.example"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    return make_certificate(tmp_path)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Writes them, over those that are there."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    day = timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - day)
        .not_valid_after(datetime.now(UTC) + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "mx.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "mx.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "mx.pem", folder / "mx.key"


@pytest.fixture
async def encrypting(service_database: MakeDatabase, plan_text: str, files: tuple[Path, Path]) -> AsyncIterator[House]:
    async with house(service_database, plan_text, tls=Certificate(*files)) as alive:
        yield alive


@contextmanager
def client_of(intake: House) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", intake.listener.port, timeout=PATIENCE_SECONDS) as client:
        client._host = NAME  # type: ignore[attr-defined]  # by which smtplib checks the certificate
        client.ehlo()
        yield client


async def test_a_mail_is_taken_over_an_encrypted_connection(encrypting: House, files: tuple[Path, Path]) -> None:
    def send() -> None:
        with client_of(encrypting) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(files[0])))
            client.ehlo()
            # Once is enough, and there is nobody to sign in as
            assert not client.has_extn("starttls")
            assert not client.has_extn("auth")
            client.send_message(a_mail("[ticket] router"), ONE, [SUPPORT])

    await asyncio.to_thread(send)
    assert len(await encrypting.said(TicketOpened)) == 1


async def test_a_mail_in_the_clear_is_taken_too(encrypting: House) -> None:
    await encrypting.taken(a_mail("[ticket] router"))
    assert len(await encrypting.said(TicketOpened)) == 1


async def test_what_was_slipped_in_before_the_encryption_is_not_heard(
    encrypting: House, files: tuple[Path, Path]
) -> None:
    """Whoever is between may add to what is sent in the clear, but not have it taken for what came encrypted."""

    def slip_in() -> tuple[int, bytes]:
        with client_of(encrypting) as client:
            client.send(f"STARTTLS\r\nMAIL FROM:<{ONE}>\r\n")
            assert client.getreply()[0] == 220
            context = ssl.create_default_context(cafile=str(files[0]))
            assert client.sock is not None
            client.sock, client.file = context.wrap_socket(client.sock, server_hostname=NAME), None
            client.ehlo()
            return client.rcpt(SUPPORT)

    assert (await asyncio.to_thread(slip_in))[0] == 503


async def test_the_last_client_that_has_room_may_encrypt(encrypting: House, files: tuple[Path, Path]) -> None:
    others = [await asyncio.open_connection("127.0.0.1", encrypting.listener.port) for _ in range(MAX_CONNECTIONS - 1)]
    for reader, _ in others:
        assert (await reader.readline()).startswith(b"220")

    def encrypt() -> int:
        with client_of(encrypting) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(files[0])))
            return client.ehlo()[0]

    assert await asyncio.to_thread(encrypt) == 250
    for _, writer in others:
        writer.close()


async def test_a_renewed_certificate_is_taken_without_a_restart(encrypting: House, files: tuple[Path, Path]) -> None:
    """While its key is still to be written, the one before serves on."""

    looking = ssl.create_default_context()
    # What is shown is compared, not trusted: who trusts one would not be shown the other.
    looking.check_hostname, looking.verify_mode = False, ssl.CERT_NONE

    def shown() -> str:
        with client_of(encrypting) as client:
            client.starttls(context=looking)
            assert isinstance(client.sock, ssl.SSLSocket)
            return ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(binary_form=True) or b"")

    certificate, key = files
    first, first_key = certificate.read_text(), key.read_text()
    assert await asyncio.to_thread(shown) == first
    make_certificate(certificate.parent)
    second, second_key = certificate.read_text(), key.read_text()
    assert second != first
    key.write_text(first_key)
    assert await asyncio.to_thread(shown) == first
    key.unlink()
    assert await asyncio.to_thread(shown) == first
    key.write_text(second_key)
    assert await asyncio.to_thread(shown) == second


def test_a_certificate_that_cannot_be_used_is_named(files: tuple[Path, Path]) -> None:
    certificate, key = files
    with pytest.raises(SettingsWrong, match=r"mx\.pem with the key .*none\.key cannot be used"):
        tls_of(certificate, key.with_name("none.key"))
    with pytest.raises(SettingsWrong, match="cannot be used"):
        tls_of(key, key)


async def test_without_a_certificate_nothing_is_offered(intake: House) -> None:
    def asked() -> bool:
        with client_of(intake) as client:
            return client.has_extn("starttls")

    assert not await asyncio.to_thread(asked)
