"""The SMTP listener. It says 250 only after the mail is durably in the log (RFC 5321, section 4.2.5), in the service's
own event loop; whoever writes to us may be hostile.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from kippu_events import steps
from kippu_service.settings import MailAddress

from kippu_intake.mail.certificate import Certificate
from kippu_intake.mail.limits import Limits, MailRefused
from kippu_intake.mail.take_in import TakeIn

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
"""A client that says nothing for so long is left."""
MAX_CONNECTIONS = 20
"""At the same time; a mail of the full size may be in memory for each of them."""
MAX_RECIPIENTS = 10
MAX_COMMANDS = 200
"""Of one kind in one connection."""

NOT_NOW = "451 4.3.0 The mail cannot be stored at the moment; try again later"


class Receiver:
    """What aiosmtpd calls for each command of a session. The names are aiosmtpd's."""

    def __init__(self, take_in: TakeIn, addresses: Mapping[str, MailAddress]) -> None:
        self._take_in = take_in
        self._addresses = addresses

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, offers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # Nobody signs in here; aiosmtpd offers it, by no mechanism, once a connection is encrypted.
        return [offer for offer in offers if not offer.startswith("250-AUTH")]

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower() not in self._addresses:
            return "550 5.1.1 There is no such mailbox here"
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if address.lower() not in envelope.rcpt_tos:
            envelope.rcpt_tos.append(address.lower())
        return "250 2.1.5 OK"

    async def handle_VRFY(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str
    ) -> str:
        return "502 5.5.1 VRFY is not offered"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """One mail for each recipient. If one fails, the client sends all again, and those stored before stay one."""
        raw = envelope.content
        if not isinstance(raw, bytes):
            return "554 5.6.0 The mail cannot be read"
        return_path = "" if envelope.mail_from in (None, "<>") else envelope.mail_from
        try:
            ids = [
                await self._take_in.take(self._addresses[recipient], raw, return_path)
                for recipient in envelope.rcpt_tos
            ]
            steps.reached("mail.appended")
        except MailRefused as refused:
            return f"554 5.6.0 The mail is not taken: {refused}"
        except Exception:
            # Whatever it was: nothing was acknowledged, so nothing is lost if the client tries again.
            logger.exception("mail not stored")
            return NOT_NOW
        return f"250 2.0.0 OK {' '.join(ids)}"


@dataclass(slots=True)
class _Room:
    """Who is connected, and whether anybody else may be."""

    connections: "set[_Connection]" = field(default_factory=set)
    closed: bool = True

    @property
    def is_full(self) -> bool:
        return self.closed or len(self.connections) >= MAX_CONNECTIONS


class _Connection(SMTP):
    """One client's connection. It leaves at once when there is no room for it."""

    def __init__(self, handler: Receiver, room: _Room, **options: Any) -> None:
        super().__init__(handler, **options)
        self._room = room

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Never asked whether it is an asyncio.Transport: that of uvloop, which runs in production, is none by class.
        if self not in self._room.connections:  # else it goes on, encrypted
            if self._room.is_full:
                connected = cast(asyncio.Transport, transport)
                connected.write(b"421 4.3.2 Too many connections; try again later\r\n")
                connected.close()
                return
            self._room.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._room.connections:
            self._room.connections.discard(self)
            super().connection_lost(error)

    def hang_up(self) -> None:
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()


class Listener:
    """Listens for mail until it is stopped."""

    def __init__(
        self,
        take_in: TakeIn,
        addresses: Mapping[str, MailAddress],
        *,
        host: str,
        port: int,
        name: str,
        limits: Limits,
        tls: Certificate | None = None,
    ) -> None:
        """With `tls`, STARTTLS is offered. It is not asked for: mail between strangers must arrive (RFC 3207, 4)."""
        self._receiver = Receiver(take_in, addresses)
        self._host, self._wanted_port, self._name = host, port, name
        self._limits = limits
        self._tls = tls
        self._room = _Room()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on. Raises RuntimeError while it does not."""
        if self._server is None:
            raise RuntimeError("the listener has not been started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Begins to listen; from then on `port` is known. Raises OSError if the port is taken."""
        # aiosmtpd's own logger names every sender and recipient: personal data that belongs into no log.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        loop = asyncio.get_running_loop()
        self._room.closed = False
        self._server = await loop.create_server(self._connection, self._host, self._wanted_port)

    async def stop(self) -> None:
        """Stops listening, and hangs up: a mail that is not acknowledged is sent again."""
        if self._server is None:
            return
        self._server.close()
        self._room.closed = True  # also for whoever was let in a moment ago and is not connected yet
        for connection in list(self._room.connections):
            connection.hang_up()
        await self._server.wait_closed()
        self._server = None

    async def run(self) -> None:
        """Listens until cancelled: a task of the service."""
        await self.start()
        logger.info("listening for mail on %s, port %d", self._host, self.port)
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop()

    def _connection(self) -> _Connection:
        return _Connection(
            self._receiver,
            self._room,
            data_size_limit=self._limits.size,
            hostname=self._name,
            ident="Kippu",
            timeout=IDLE_SECONDS,
            command_call_limit={"*": MAX_COMMANDS},
            tls_context=self._tls.context() if self._tls else None,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
