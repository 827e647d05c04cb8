"""The requests as a list, and each one's events as its timeline."""

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue import intake
from kippu_events.catalogue.values import RequestDetails
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry

from kippu_intake.domain.ticket_state import Status

_OPENED = """
insert into read.ticket (provider, ticket_no, customer_id, contact_id, plan_family, channel, received_at, language,
                         subject, status, category, asset_serial, wanted_at, wanted_minutes, topic, part, details,
                         version)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[],
                     $14::integer[], $15::text[], $16::text[], $17::jsonb[], $18::bigint[])
"""

# A change is a JSON object of the columns that it sets, so that it can also set one to null.
_CHANGED = """
update read.ticket
   set status = coalesce(changed.columns ->> 'status', ticket.status),
       waiting_for = case when changed.columns ? 'waiting_for'
                          then changed.columns ->> 'waiting_for' else ticket.waiting_for end,
       clause = case when changed.columns ? 'clause' then changed.columns ->> 'clause' else ticket.clause end,
       category = case when changed.columns ? 'category' then changed.columns ->> 'category' else ticket.category end,
       asset_serial = case when changed.columns ? 'asset_serial'
                           then changed.columns ->> 'asset_serial' else ticket.asset_serial end,
       wanted_at = case when changed.columns ? 'wanted_at'
                        then (changed.columns ->> 'wanted_at')::timestamptz else ticket.wanted_at end,
       wanted_minutes = case when changed.columns ? 'wanted_minutes'
                             then (changed.columns ->> 'wanted_minutes')::integer else ticket.wanted_minutes end,
       topic = case when changed.columns ? 'topic' then changed.columns ->> 'topic' else ticket.topic end,
       part = case when changed.columns ? 'part' then changed.columns ->> 'part' else ticket.part end,
       isolated_at = coalesce((changed.columns ->> 'isolated_at')::timestamptz, ticket.isolated_at),
       isolated_serial = coalesce(changed.columns ->> 'isolated_serial', ticket.isolated_serial),
       isolated_part = case when changed.columns ? 'isolated_part'
                            then changed.columns ->> 'isolated_part' else ticket.isolated_part end,
       details = ticket.details || coalesce(changed.columns -> 'details', '{}'),
       expectation = coalesce(changed.columns -> 'expectation', ticket.expectation),
       minutes_recorded = ticket.minutes_recorded + changed.minutes,
       version = changed.version
  from unnest($1::text[], $2::text[], $3::jsonb[], $4::integer[], $5::bigint[])
       as changed (provider, ticket_no, columns, minutes, version)
 where (ticket.provider, ticket.ticket_no) = (changed.provider, changed.ticket_no)
"""

_TIMELINE = """
insert into read.ticket_event (provider, ticket_no, customer_id, version, event_id, type, recorded_at, metadata, data)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::timestamptz[],
                     $8::bytea[], $9::bytea[])
"""


class Tickets(Projector):
    name = "tickets"
    logs = ("intake",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        intake.TicketOpened,
        intake.TicketClassified,
        intake.MessageAdded,
        intake.AttachmentAdded,
        intake.FaultIsolated,
        intake.RequestDetailsRecorded,
        intake.ExpectationStated,
        intake.ShipmentNoted,
        intake.WorkRecorded,
        intake.TicketWaiting,
        intake.TicketResumed,
        intake.TicketDeclined,
        intake.TicketResolved,
        intake.TicketClosed,
        intake.TicketReopened,
        intake.MailRequested,
        intake.MailSent,
        intake.MailBounced,
    )
    tables = ("ticket", "ticket_event")

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        opened: list[tuple[Any, ...]] = []
        timeline: list[tuple[Any, ...]] = []
        changes: dict[tuple[str, str], _Change] = {}
        for envelope in batch:
            if not envelope.stream.startswith("ticket-"):
                continue  # a mail about no ticket
            event: Any = envelope.event
            timeline.append(_timeline_row(envelope, event))
            if isinstance(event, intake.TicketOpened):
                opened.append(_opened_row(envelope, event))
            else:
                changes.setdefault((envelope.provider, event.ticket_no), _Change()).add(envelope)
        if timeline:
            await connection.execute(_TIMELINE, *zip(*timeline, strict=True))
        if opened:
            await connection.execute(_OPENED, *zip(*opened, strict=True))
        if changes:
            rows = [(*key, *change.row()) for key, change in changes.items()]
            await connection.execute(_CHANGED, *zip(*rows, strict=True))


_STATUS_AFTER: dict[type[Event], Status] = {
    intake.TicketResumed: Status.OPEN,
    intake.TicketReopened: Status.OPEN,
    intake.TicketResolved: Status.RESOLVED,
    intake.TicketClosed: Status.CLOSED,
}


class _Change:
    """What a batch's events make of one ticket, the later over the earlier."""

    def __init__(self) -> None:
        self.columns: dict[str, Any] = {}
        self.minutes = 0
        self.version = 0

    def add(self, envelope: Envelope) -> None:
        self.version = envelope.version
        event = envelope.event
        if isinstance(event, intake.WorkRecorded):
            self.minutes += event.minutes
        if isinstance(event, intake.TicketClassified | intake.RequestDetailsRecorded) and event.details is not None:
            self.columns["details"] = self.columns.get("details", {}) | _said(event.details)
        self.columns |= _columns(event)

    def row(self) -> tuple[str, int, int]:
        return orjson.dumps(self.columns).decode(), self.minutes, self.version


_CLASSIFIED = ("category", "asset_serial", "wanted_at", "wanted_minutes", "topic", "part")
_EXPECTED = {"decision", "counts_from", "targets", "replies"}


def _columns(event: Event) -> dict[str, Any]:
    """The columns that an event sets, beside the details."""
    match event:
        case intake.TicketClassified():
            return {name: getattr(event, name) for name in _CLASSIFIED}
        case intake.FaultIsolated():
            return {
                "isolated_at": event.isolated_at,
                "isolated_serial": event.asset_serial,
                "isolated_part": event.part,
            }
        case intake.ExpectationStated():
            return {"expectation": event.model_dump(include=_EXPECTED, mode="json")}
        case intake.TicketWaiting():
            return _status(Status.WAITING, event.waiting_for, event.clause)
        case intake.TicketDeclined():
            return _status(Status.DECLINED, None, event.clause)
    return _status(_STATUS_AFTER[type(event)]) if type(event) in _STATUS_AFTER else {}


def _said(details: RequestDetails) -> dict[str, Any]:
    """As an object without what is not said, to be laid over what was said before; of another place, nothing is known
    from the one before."""
    said = details.model_dump(mode="json", exclude_none=True)
    return {"ship_to_island": None, **said} if details.place_id is not None else said


def _status(status: Status, waiting_for: str | None = None, clause: str | None = None) -> dict[str, Any]:
    return {"status": status, "waiting_for": waiting_for, "clause": clause}


def _opened_row(envelope: Envelope, event: intake.TicketOpened) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.ticket_no,
        event.customer_id,
        event.contact_id,
        event.plan_family,
        event.channel,
        event.received_at,
        event.language,
        carry(envelope, "subject"),
        Status.OPEN,
        event.category,
        event.asset_serial,
        event.wanted_at,
        event.wanted_minutes,
        event.topic,
        event.part,
        orjson.dumps(_said(event.details) if event.details else {}).decode(),
        envelope.version,
    )


def _timeline_row(envelope: Envelope, event: Any) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.ticket_no,
        event.customer_id,
        envelope.version,
        envelope.id,
        envelope.type,
        envelope.recorded_at,
        envelope.metadata_bytes,
        envelope.data,
    )
