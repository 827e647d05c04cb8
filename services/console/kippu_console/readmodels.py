"""The console's projectors. Each column is fed by one stream or by a sum, so the order between slots cannot matter."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import tomllib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.catalogue import billing, dispatch, entitlement, intake
from kippu_events.catalogue.values import Outcome
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event, catalogue
from kippu_events.personal import carry

LOGS = ("intake", "entitlement", "dispatch", "billing")


async def write(connection: Connection[Any], statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Runs a statement of `unnest($1, $2, …)` over the columns of the rows; nothing for no rows."""
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *[list(column) for column in columns])


def _field(event: Event, name: str) -> Any:
    return getattr(event, name, None)


class Providers(Projector):
    """The time zone of each provider, which all versions of its terms share."""

    name = "providers"
    logs = ("entitlement",)
    tables = ("provider",)
    subscribes = (entitlement.PlanPublished,)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        zones: dict[str, str] = {}
        for envelope in batch:
            event: Any = envelope.event
            zones[envelope.provider] = tomllib.loads(event.source)["time_zone"]
        await write(connection, PROVIDER, sorted(zones.items()))


PROVIDER = """
insert into read.provider (provider, time_zone) select * from unnest($1::text[], $2::text[])
on conflict (provider) do nothing
"""


class Timeline(Projector):
    """Every event that concerns a ticket, a wallet or an order, as it stands in its log."""

    name = "timeline"
    logs = LOGS
    tables = ("timeline",)
    subscribes: ClassVar[tuple[type[Event], ...]] = tuple(
        event
        for event in catalogue().values()
        if {"ticket_no", "wallet_id", "order_id", "invoice_no", "quote_id"} & set(event.model_fields)
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        await write(connection, TIMELINE, [self._row(envelope) for envelope in batch])

    @staticmethod
    def _row(envelope: Envelope) -> tuple[Any, ...]:
        event = envelope.event
        return (
            envelope.provider,
            _field(event, "customer_id"),
            envelope.log,
            envelope.position,
            envelope.stream,
            envelope.version,
            envelope.id,
            envelope.type,
            event.occurred_at,
            envelope.recorded_at,
            envelope.metadata.actor,
            envelope.metadata.correlation_id,
            envelope.metadata.causation_id,
            _field(event, "ticket_no"),
            _field(event, "wallet_id"),
            _field(event, "order_id"),
            envelope.data.decode(),
        )


TIMELINE = """
insert into read.timeline (provider, customer_id, log, position, stream, version, event_id, type, occurred_at,
    recorded_at, actor, correlation_id, causation_id, ticket_no, wallet_id, order_id, data)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::uuid[],
    $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[],
    $15::text[], $16::text[], $17::jsonb[])
"""


class Board(Projector):
    """One row a request: where it stands, by which clause, what it used."""

    name = "board"
    version = 3
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

# A null leaves a column as it is, an empty text empties it; `waiting_for` changes with the status, and only then.
BOARD = """
update read.board set
    status = coalesce(new.status, board.status),
    waiting_for = case when new.status is null then board.waiting_for else nullif(new.waiting_for, '') end,
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
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::text[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::boolean[])
    as new (provider, ticket_no, status, waiting_for, channel, category, asset_serial, received_at, subject, minutes,
        outcome, deciding_clause, debited, missing, forgiven)
where board.provider = new.provider and board.ticket_no = new.ticket_no
"""


class Visits(Projector):
    """Where each visit stands."""

    name = "visits"
    version = 2
    logs = ("dispatch",)
    tables = ("visit",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        dispatch.VisitRequested,
        dispatch.VisitHeld,
        dispatch.VisitBooked,
        dispatch.VisitPostponed,
        dispatch.VisitDeclined,
        dispatch.VisitCompleted,
        dispatch.VisitWithdrawn,
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        visits: dict[tuple[str, str], dict[str, Any]] = {}
        for envelope in batch:
            event: Any = envelope.event
            row = visits.setdefault(
                (envelope.provider, event.visit_id), {"customer_id": event.customer_id, "ticket_no": event.ticket_no}
            )
            row["status"] = type(event).__name__.removeprefix("Visit").lower()
            if isinstance(event, dispatch.VisitRequested) and event.target is not None:
                row["target"] = event.target.model_dump_json()
            for column, names in VISIT_SOURCES.items():
                value = next((getattr(event, name) for name in names if _field(event, name) is not None), None)
                if value is not None:
                    row[column] = value
        rows = [
            (
                *key,
                *(
                    visits[key].get(column)
                    for column in ("customer_id", "ticket_no", "status", *VISIT_SOURCES, "target")
                ),
            )
            for key in sorted(visits)
        ]
        await write(connection, VISIT, rows)


VISIT_SOURCES = {"visit_at": ("wanted_at", "starts_at", "to_at"), "minutes": ("minutes",), "clause": ("clause",)}

VISIT = """
insert into read.visit as visit (provider, visit_id, customer_id, ticket_no, status, visit_at, minutes, clause,
    target)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[],
    $8::text[], $9::jsonb[])
on conflict (provider, visit_id) do update set status = excluded.status,
    visit_at = coalesce(excluded.visit_at, visit.visit_at), minutes = coalesce(excluded.minutes, visit.minutes),
    clause = coalesce(excluded.clause, visit.clause), target = coalesce(excluded.target, visit.target)
"""


class Wallets(Projector):
    """What each wallet was credited and debited, in all."""

    name = "wallets"
    logs = ("entitlement",)
    tables = ("wallet",)
    subscribes = (
        entitlement.WalletOpened,
        entitlement.TicketsCredited,
        entitlement.TicketDebited,
        entitlement.TicketDebitReversed,
        entitlement.TicketsExpired,
        entitlement.TicketsRevoked,
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        wallets: dict[tuple[str, str], dict[str, Any]] = {}
        for envelope in batch:
            event: Any = envelope.event
            row = wallets.setdefault(
                (envelope.provider, event.wallet_id),
                {"customer_id": event.customer_id, **dict.fromkeys(WALLET_SUMS, 0)},
            )
            row["version"] = envelope.version
            if type(event) in WALLET_SUM_OF:
                row[WALLET_SUM_OF[type(event)]] += event.quantity
            elif isinstance(event, entitlement.TicketsRevoked):  # what was given back counts as not bought
                row["credited"] -= event.quantity
        rows = [
            (*key, *(wallets[key][column] for column in ("customer_id", "version", *WALLET_SUMS)))
            for key in sorted(wallets)
        ]
        await write(connection, WALLET, rows)


WALLET_SUM_OF: dict[type[Event], str] = {
    entitlement.TicketsCredited: "credited",
    entitlement.TicketDebited: "debited",
    entitlement.TicketDebitReversed: "reversed",
    entitlement.TicketsExpired: "expired",
}
WALLET_SUMS = tuple(WALLET_SUM_OF.values())

WALLET = """
insert into read.wallet as wallet (provider, wallet_id, customer_id, version, credited, debited, reversed, expired)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[])
on conflict (provider, wallet_id) do update set version = excluded.version,
    credited = wallet.credited + excluded.credited, debited = wallet.debited + excluded.debited,
    reversed = wallet.reversed + excluded.reversed, expired = wallet.expired + excluded.expired
"""


class UnmatchedMail(Projector):
    """Mails that opened or joined no ticket, and what became of them."""

    name = "unmatched-mail"
    logs = ("intake",)
    tables = ("unmatched",)
    subscribes = (intake.MailUnmatched, intake.MailMatched)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        arrived = [envelope for envelope in batch if isinstance(envelope.event, intake.MailUnmatched)]
        matched = [envelope for envelope in batch if isinstance(envelope.event, intake.MailMatched)]
        await write(connection, UNMATCHED, [self._row(envelope, envelope.event) for envelope in arrived])
        await write(connection, MATCHED, [self._match(envelope, envelope.event) for envelope in matched])

    @staticmethod
    def _row(envelope: Envelope, event: Any) -> tuple[Any, ...]:
        sealed = (carry(envelope, "sender"), carry(envelope, "subject"))
        return (envelope.provider, event.mail_id, event.customer_id, event.received_at, event.reason, *sealed)

    @staticmethod
    def _match(envelope: Envelope, event: Any) -> tuple[Any, ...]:
        return (envelope.provider, event.mail_id, event.ticket_no)


UNMATCHED = """
insert into read.unmatched (provider, mail_id, customer_id, received_at, reason, sender, subject)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
"""
# Both events are of one stream, so the mail is there before it is matched; one that opened a ticket at once never was.
MATCHED = """
update read.unmatched set ticket_no = new.ticket_no
from unnest($1::text[], $2::text[], $3::text[]) as new (provider, mail_id, ticket_no)
where unmatched.provider = new.provider and unmatched.mail_id = new.mail_id
"""


class Invoices(Projector):
    """What was invoiced, and what is still owed."""

    name = "invoices"
    logs = ("billing",)
    tables = ("invoice",)
    subscribes = (billing.InvoiceIssued, billing.PaymentReceived, billing.InvoicePaid, billing.PaymentOverdue)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        issued = [envelope for envelope in batch if isinstance(envelope.event, billing.InvoiceIssued)]
        await write(connection, INVOICE, [self._row(envelope, envelope.event) for envelope in issued])
        changes: dict[tuple[str, str], tuple[str, int]] = {}
        for envelope in batch:
            event: Any = envelope.event
            match event:
                case billing.PaymentReceived() | billing.PaymentOverdue():
                    status = "overdue" if isinstance(event, billing.PaymentOverdue) else "partly_paid"
                    changes[envelope.provider, event.invoice_no] = (status, event.outstanding)
                case billing.InvoicePaid():
                    changes[envelope.provider, event.invoice_no] = ("paid", 0)
        await write(connection, INVOICE_CHANGE, [(*key, *changes[key]) for key in sorted(changes)])

    @staticmethod
    def _row(envelope: Envelope, event: Any) -> tuple[Any, ...]:
        amounts = (event.total, event.currency, event.due_on)
        return (envelope.provider, event.invoice_no, event.customer_id, event.order_id, *amounts)


INVOICE = """
insert into read.invoice (provider, invoice_no, customer_id, order_id, status, total, outstanding, currency, due_on)
select provider, invoice_no, customer_id, order_id, 'open', total, total, currency, due_on
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::date[])
    as new (provider, invoice_no, customer_id, order_id, total, currency, due_on)
"""
INVOICE_CHANGE = """
update read.invoice set status = new.status, outstanding = new.outstanding
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as new (provider, invoice_no, status, outstanding)
where invoice.provider = new.provider and invoice.invoice_no = new.invoice_no
"""
