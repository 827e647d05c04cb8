"""The log in PostgreSQL: the system of record of one service."""

from __future__ import annotations  # asyncpg.Pool is generic for the type checker only

from collections.abc import Sequence
from itertools import groupby
from types import TracebackType
from typing import Any, Self

import asyncpg

from kippu_events.envelope import Envelope
from kippu_events.log import Append, Appended, Head, LogCorrupt, Recorded, SavedState, StreamSlice
from kippu_events.log.connection import persist, pool, sql
from kippu_events.log.rules import check, verify_contiguous, verify_sums
from kippu_events.log.signal import Signal
from kippu_events.log.writer import GroupWriter

READERS = 4
"""Connections for loading and reading; more than the machine's cores gain nothing."""


class PostgresLog:
    """Keeps the contract of `kippu_events.log.Log` in a database made by `kippu_events.database`.

    Open it with the writer's URL: `async with PostgresLog("intake", database.writer_url) as log`.
    """

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url
        self._readers: asyncpg.Pool[Any] | None = None
        self._signal = Signal(url, self._position)
        self._writer = GroupWriter(url, self._first_result, self._signal.committed)

    async def open(self) -> None:
        """Connects. Raises PermissionError for a superuser, LogUnavailable if the server does not answer."""
        self._readers = await persist(lambda: pool(self._url, READERS))
        await self._writer.open()
        self._signal.open()

    async def close(self) -> None:
        """Commits the appends that still wait, and disconnects."""
        await self._writer.close()
        await self._signal.close()
        if self._readers is not None:
            self._readers.terminate()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def append(self, append: Append) -> Appended:
        check(append)
        return await self._writer.append(append)

    async def find_command(self, command_id: str) -> tuple[bytes, Appended] | None:
        rows = await self._fetch("find_command", command_id)
        if not rows:
            return None
        recorded = tuple(
            [
                Recorded(row["stream"], row["version"], row["position"], row["slot"], row["slot_seq"])
                for row in rows
                if row["position"] is not None
            ]
        )
        return rows[0]["hash"], Appended(True, rows[0]["result"], recorded)

    async def _first_result(self, command_id: str) -> Appended:
        found = await self.find_command(command_id)
        if found is None:
            raise LogCorrupt(f"command {command_id} was recorded and is not there")
        return found[1]

    async def load(self, streams: Sequence[tuple[str, int]]) -> list[StreamSlice]:
        rows = await self._fetch("load", [stream for stream, _ in streams], [fold for _, fold in streams])
        by_stream = groupby(rows, key=lambda row: row["ordinal"])
        return [
            self._slice(stream, fold_version, list(of_stream))
            for (stream, fold_version), (_, of_stream) in zip(streams, by_stream, strict=True)
        ]

    def _slice(self, stream: str, fold_version: int, rows: Sequence[Any]) -> StreamSlice:
        first = rows[0]
        start = first["saved_version"] or 0
        tail = self._envelopes([row[4:] for row in rows if row["position"] is not None])
        verify_contiguous(f"versions of {stream} in {self.name}", [event.version for event in tail], start)
        if start + len(tail) != (first["last_version"] or 0):
            raise LogCorrupt(f"{stream} in {self.name} ends at {first['last_version']}, not at {start + len(tail)}")
        saved = SavedState(fold_version, first["state"]) if start else None
        return StreamSlice(stream, start + len(tail), saved, tail)

    async def read_stream(self, stream: str, after_version: int = 0, limit: int = 1000) -> list[Envelope]:
        events = self._envelopes(await self._fetch("read_stream", stream, after_version, limit))
        verify_contiguous(f"versions of {stream} in {self.name}", [event.version for event in events], after_version)
        return list(events)

    async def read(self, after: int, limit: int = 1000) -> list[Envelope]:
        rows = await self._fetch("read", after, limit)
        events = self._envelopes([row[1:] for row in rows if row["position"] is not None])
        numbers = [event.position for event in events]
        self._verify_complete(f"positions of {self.name}", numbers, after, limit, rows[0]["last"])
        return list(events)

    async def read_slot(self, slot: int, after: int, limit: int = 1000) -> list[Envelope]:
        rows = await self._fetch("read_slot", slot, after, limit)
        events = self._envelopes([row[1:] for row in rows if row["position"] is not None])
        numbers = [event.slot_seq for event in events]
        self._verify_complete(f"slot {slot} of {self.name}", numbers, after, limit, rows[0]["last"])
        return list(events)

    def _verify_complete(self, what: str, numbers: Sequence[int], after: int, limit: int, last: int) -> None:
        """What was read has no gap and, unless the limit cut it, goes as far as the head of the same instant."""
        verify_contiguous(what, numbers, after)
        if len(numbers) < limit and after + len(numbers) < last:
            raise LogCorrupt(f"{what}: after {after + len(numbers)} comes nothing, but the head is at {last}")

    async def head(self) -> Head:
        row = (await self._fetch("head"))[0]
        return Head(row["epoch"], row["position"], tuple(row["slot_seqs"]), row["recorded_at"])

    async def _position(self) -> int:
        return (await self.head()).position

    async def wait(self, after: int, seconds: float) -> bool:
        return await self._signal.wait(after, seconds)

    def _envelopes(self, rows: Sequence[Sequence[Any]]) -> tuple[Envelope, ...]:
        """From rows whose columns are in the order of an envelope's fields, beginning with the epoch."""
        envelopes = tuple([Envelope(self.name, *row) for row in rows])
        verify_sums(envelopes)
        return envelopes

    async def _fetch(self, statement: str, *parameters: Any) -> list[Any]:
        """Reads may be done twice, so a lost connection is no reason to fail."""
        if self._readers is None:
            raise RuntimeError(f"the log {self.name} is not open")
        readers = self._readers
        return await persist(lambda: readers.fetch(sql(statement), *parameters))
