"""The desk: a small service over events of the catalogue, for suites that need a projector and a reactor.

Its read model counts, and keeps the order within a ticket, so that an event that was applied twice, late, early or
never is seen in it.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from asyncpg import Connection

from kippu_events.catalogue.entitlement import WorkNoted
from kippu_events.catalogue.intake import WorkRecorded
from kippu_events.catalogue.values import WorkKind
from kippu_events.consumer import On, Projector, Reactor
from kippu_events.envelope import Envelope, Metadata, NewEvent, sum_of
from kippu_events.event import Event, encode
from kippu_events.log import Append, Appended, Expected, Log, StreamAppend
from kippu_events.ports import SystemIds
from kippu_events.work import Fold, Work

MIGRATIONS = Path(__file__).parent / "migrations"
PROVIDER = "iij"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

_ids = SystemIds()


class WorkTotals(Projector):
    """Sums the recorded work of each ticket. Chokes on the work ids in `poison`, until they are taken out of it."""

    name = "work-totals"
    logs = ("intake",)
    subscribes = (WorkRecorded,)
    tables = ("work_total",)

    def __init__(self, poison: Iterable[str] = ()) -> None:
        self.poison = set(poison)
        self.batches: list[int] = []

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        self.batches.append(len(batch))
        rows = [(envelope.provider, event) for envelope in batch if isinstance(event := envelope.event, WorkRecorded)]
        await connection.execute(
            "insert into read.work_total (provider, ticket_no, minutes, entries, trail)"
            " select provider, ticket_no, sum(minutes), count(*), string_agg(work_id, ' ' order by at)"
            " from unnest($1::text[], $2::text[], $3::int[], $4::text[])"
            "   with ordinality as work (provider, ticket_no, minutes, work_id, at)"
            " group by provider, ticket_no"
            " on conflict (provider, ticket_no) do update set"
            "   minutes = work_total.minutes + excluded.minutes, entries = work_total.entries + excluded.entries,"
            "   trail = work_total.trail || ' ' || excluded.trail",
            [provider for provider, _ in rows],
            [event.ticket_no for _, event in rows],
            [event.minutes for _, event in rows],
            [event.work_id for _, event in rows],
        )
        choke(self.poison, [event for _, event in rows])


def noted(state: tuple[str, ...], event: Event) -> tuple[str, ...]:
    return (*state, event.work_id) if isinstance(event, WorkNoted) else state


CASE: Fold[tuple[str, ...]] = Fold(tuple[str, ...], tuple, noted, version=1)


class NoteWork(Reactor):
    """Notes each piece of work on the ticket's case, in the log of its own service."""

    name = "note-work"
    logs = ("intake",)

    def __init__(self, poison: Iterable[str] = ()) -> None:
        self.poison = set(poison)

    def reactions(self) -> Sequence[On]:
        return [On(WorkRecorded, self.note)]

    async def note(self, envelope: Envelope, event: WorkRecorded, work: Work) -> None:
        case = await work.load(CASE, envelope.provider, case_of(event.ticket_no))
        choke(self.poison, [event])
        minutes = event.minutes
        work.record(
            case,
            WorkNoted(
                occurred_at=event.occurred_at,
                ticket_no=event.ticket_no,
                customer_id=event.customer_id,
                work_id=event.work_id,
                kind=event.kind,
                started_at=event.started_at,
                minutes=minutes,
                counted=True,
                minutes_total=minutes,
                units_due=1,
            ),
        )


class Choked(ValueError):
    """A poison event, as far as the desk is concerned."""


def choke(poison: set[str], events: Iterable[WorkRecorded]) -> None:
    for event in events:
        if event.work_id in poison:
            raise Choked(event.work_id)


def ticket_of(ticket_no: str) -> str:
    return f"ticket-{PROVIDER}-{ticket_no}"


def case_of(ticket_no: str) -> str:
    return f"case-{PROVIDER}-{ticket_no}"


def work_recorded(ticket_no: str, work_id: str, minutes: int = 10) -> WorkRecorded:
    return WorkRecorded(
        occurred_at=NOON,
        ticket_no=ticket_no,
        customer_id="customer-1",
        work_id=work_id,
        kind=WorkKind.ISOLATION,
        started_at=NOON,
        minutes=minutes,
        recorded_by="operator-1",
    )


def sealed(stream: str, type_name: str, data: bytes, provider: str = PROVIDER) -> NewEvent:
    """An event ready to be appended, of any type and content, also such as no build would write."""
    event_id: UUID = _ids.event_id()
    metadata = Metadata("client:portal-1", str(event_id)).to_bytes()
    digest = sum_of(event_id, type_name, stream, provider, metadata, data)
    return NewEvent(event_id, type_name, provider, metadata, data, digest)


async def append(log: Log, stream: str, *events: Event | NewEvent) -> Appended:
    """Appends to one stream, at whatever version it is."""
    ready = [new if isinstance(new, NewEvent) else sealed(stream, new.type, encode(new)) for new in events]
    command = f"test:{_ids.event_id()}"
    return await log.append(Append(command, b"", (StreamAppend(stream, Expected.ANY, tuple(ready)),), NOON))


async def record_work(log: Log, *works: tuple[str, str]) -> None:
    """Appends WorkRecorded for each (ticket number, work id), in this order."""
    for ticket_no, work_id in works:
        await append(log, ticket_of(ticket_no), work_recorded(ticket_no, work_id))
