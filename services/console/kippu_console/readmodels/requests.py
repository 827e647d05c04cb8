"""The requests, one row each: where it stands, by which clause, what it used."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue import entitlement, intake
from kippu_events.catalogue.values import Outcome
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry

from kippu_console.readmodels.rows import write


class Board(Projector):
    """One row a request: where it stands, by which clause, what it used."""

    name = "board"
    version = 4
    logs = ("intake", "entitlement")
    tables = ("board",)
    subscribes = (
        intake.TicketOpened,
        intake.TicketClassified,
        intake.TicketWaiting,
        intake.TicketResumed,
        intake.TicketDeclined,
        intake.TicketResolved,
        intake.TicketClosed,
        intake.TicketReopened,
        intake.WorkRecorded,
        entitlement.CoverageDecided,
        entitlement.TicketDebited,
        entitlement.TicketDebitReversed,
        entitlement.DebitShortfall,
        entitlement.DebitNoted,
        entitlement.RequestDeclined,
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        requests: dict[tuple[str, str], dict[str, Any]] = {}
        for envelope in batch:
            event: Any = envelope.event
            if event.ticket_no == getattr(event, "booking_id", None):
                continue  # a booking that is for no request
            row = requests.setdefault((envelope.provider, event.ticket_no), {"customer_id": event.customer_id})
            if _forgives(event):
                row |= {"forgiven": True, "missing": 0}
            for column, value in _board_columns(envelope, event).items():
                row[column] = row.get(column, 0) + value if column in SUMS else value
        # Rows are locked in one order, whoever writes them.
        keys = sorted(requests)
        await write(connection, BOARD_ROWS, [(*key, requests[key]["customer_id"]) for key in keys])
        await write(
            connection, BOARD, [(*key, *(requests[key].get(column) for column in BOARD_COLUMNS)) for key in keys]
        )


def _forgives(event: Event) -> bool:
    """Whether what the request owed is owed no more."""
    return isinstance(event, entitlement.RequestDeclined) or (
        isinstance(event, entitlement.CoverageDecided) and event.outcome is Outcome.COVERED
    )


STATUS: dict[type[Event], str] = {
    intake.TicketOpened: "open",
    intake.TicketWaiting: "waiting",
    intake.TicketResumed: "open",
    intake.TicketDeclined: "declined",
    intake.TicketResolved: "resolved",
    intake.TicketClosed: "closed",
    intake.TicketReopened: "open",
}
SUMS = ("minutes", "debited", "missing")


def _board_columns(envelope: Envelope, event: Any) -> dict[str, Any]:
    """What one event says of its request."""
    kind = type(event)
    columns: dict[str, Any] = {}
    if kind in STATUS:
        columns = {"status": STATUS[kind], "waiting_for": getattr(event, "waiting_for", "")}
        columns["waiting_since"] = event.occurred_at if columns["waiting_for"] else None
    match event:
        case intake.TicketOpened():
            columns |= {
                "channel": event.channel.value,
                "received_at": event.received_at,
                "subject": carry(envelope, "subject"),
                "category": event.category or "",
                "asset_serial": event.asset_serial or "",
            }
        case intake.TicketClassified():
            columns |= {"category": event.category or "", "asset_serial": event.asset_serial or ""}
        case intake.WorkRecorded():
            columns["minutes"] = event.minutes
        case entitlement.CoverageDecided():
            columns |= {"outcome": event.outcome.value, "deciding_clause": event.deciding_clause}
        case entitlement.TicketDebited():
            columns["debited"] = event.quantity
        case entitlement.TicketDebitReversed():
            columns["debited"] = -event.quantity
        case entitlement.DebitShortfall():
            columns["missing"] = event.missing
        case entitlement.DebitNoted() if event.settles is not None:
            columns["missing"] = -event.quantity
    return columns


BOARD_COLUMNS = (
    "status",
    "waiting_for",
    "waiting_since",
    "channel",
    "category",
    "asset_serial",
    "received_at",
    "subject",
    "minutes",
    "outcome",
    "deciding_clause",
    "debited",
    "missing",
    "forgiven",
)

BOARD_ROWS = """
insert into read.board (provider, ticket_no, customer_id)
select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (provider, ticket_no) do nothing
"""

# A null leaves a column as it is, an empty text empties it; `waiting_for` and its instant change with the status, and
# only then.
BOARD = """
update read.board set
    status = coalesce(new.status, board.status),
    waiting_for = case when new.status is null then board.waiting_for else nullif(new.waiting_for, '') end,
    waiting_since = case when new.status is null then board.waiting_since else new.waiting_since end,
    channel = coalesce(new.channel, board.channel),
    category = nullif(coalesce(new.category, board.category), ''),
    asset_serial = nullif(coalesce(new.asset_serial, board.asset_serial), ''),
    received_at = coalesce(new.received_at, board.received_at),
    subject = coalesce(new.subject, board.subject),
    minutes = board.minutes + coalesce(new.minutes, 0),
    outcome = coalesce(new.outcome, board.outcome),
    deciding_clause = coalesce(new.deciding_clause, board.deciding_clause),
    debited = board.debited + coalesce(new.debited, 0),
    missing = case when new.forgiven then 0 else board.missing end + coalesce(new.missing, 0)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::bigint[], $15::bigint[],
    $16::boolean[])
    as new (provider, ticket_no, status, waiting_for, waiting_since, channel, category, asset_serial, received_at,
        subject, minutes, outcome, deciding_clause, debited, missing, forgiven)
where board.provider = new.provider and board.ticket_no = new.ticket_no
"""
