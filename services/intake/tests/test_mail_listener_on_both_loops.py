"""The SMTP listener on asyncio's own loop, and on uvloop's, which runs in production: their connections differ."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
import uvloop
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.smtp import MAX_CONNECTIONS, Listener
from kippu_intake.mail.take_in import TakeIn
from kippu_intake.testing import ONE, PATIENCE_SECONDS, SUPPORT
from kippu_service.settings import MailAddress

Run = Callable[[Coroutine[Any, Any, None]], None]


class Storing:
    """Takes for ever to store a mail."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.stopped = asyncio.Event()

    async def take(self, *_: object) -> str:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        raise AssertionError("it never ends")


def listener(storing: Storing) -> Listener:
    return Listener(
        cast(TakeIn, storing),
        {SUPPORT: MailAddress(address=SUPPORT, provider="iij", family="iij-se")},
        host="127.0.0.1",
        port=0,
        name="kippu.example",
        limits=Limits(),
    )


async def greeted(listening: Listener) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    return (await reader.readline())[:3], reader, writer


async def one_too_many() -> None:
    listening = listener(Storing())
    await listening.start()
    clients = [await greeted(listening) for _ in range(MAX_CONNECTIONS + 1)]
    assert [code for code, _, _ in clients] == [b"220"] * MAX_CONNECTIONS + [b"421"]
    await listening.stop()
    # And whoever was connected is hung up on
    for _, reader, writer in clients:
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()


async def a_mail_in_hand() -> None:
    storing = Storing()
    listening = listener(storing)
    await listening.start()
    _, reader, writer = await greeted(listening)
    for line in ("HELO client.example", f"MAIL FROM:<{ONE}>", f"RCPT TO:<{SUPPORT}>", "DATA"):
        writer.write(f"{line}\r\n".encode())
        assert (await reader.readline())[:1] in (b"2", b"3")
    writer.write(b"Subject: [ticket] router\r\n\r\nIt is down.\r\n.\r\n")
    await storing.began.wait()
    await listening.stop()
    # It is let go, and nobody is told that it was stored
    await storing.stopped.wait()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("scenario", [one_too_many, a_mail_in_hand], ids=lambda scenario: scenario.__name__)
async def test_it_counts_its_clients_and_hangs_up_when_it_stops(
    run: Run, scenario: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.to_thread(run, scenario())
