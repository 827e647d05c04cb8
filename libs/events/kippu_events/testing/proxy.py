"""A proxy before a PostgreSQL server that can lose answers: what was sent is done, and nobody hears of it."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit

PORT = 5432


class LossyProxy:
    """`url` leads to the same database as the URL it was made for, through this proxy.

    Once `lose_next_answer(b"marker")` is called, the first session that sends the marker from then on gets all of it
    through to the server, and is cut off when the answer comes.
    """

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._folder = tempfile.TemporaryDirectory(prefix="kippu-proxy-")
        self._server: asyncio.Server | None = None
        self._marker: bytes | None = None
        self.lost = 0
        """How many answers were lost so far."""

    @property
    def url(self) -> str:
        user = self._parts.netloc.rpartition("@")[0]
        return f"postgresql://{user}@{self._parts.path}?host={quote(self._folder.name, safe='/')}&port={PORT}"

    def lose_next_answer(self, marker: bytes) -> None:
        self._marker = marker

    async def __aenter__(self) -> Self:
        path = Path(self._folder.name) / f".s.PGSQL.{PORT}"
        self._server = await asyncio.start_unix_server(self._session, path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self._folder.cleanup()

    async def _upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        query = parse_qs(self._parts.query)
        host = query.get("host", [self._parts.hostname or "localhost"])[0]
        port = int(query.get("port", [str(self._parts.port or PORT)])[0])
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await self._upstream()
        doomed = asyncio.Event()
        await asyncio.gather(
            self._forward_questions(reader, server_writer, doomed),
            self._forward_answers(server_reader, writer, doomed),
        )

    async def _forward_questions(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(1 << 20):
                if self._marker is not None and self._marker in chunk:
                    self._marker = None
                    doomed.set()
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def _forward_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(1 << 20):
                if doomed.is_set():
                    self.lost += 1
                    break
                writer.write(chunk)
                await writer.drain()
        writer.close()
