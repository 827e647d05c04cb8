"""Entitlement's events about one request: what is known of it, what was decided, what was done and debited.

Stream: `case-{provider}-{ticket_no}`.
"""

from typing import Any, Literal

from pydantic import AwareDatetime

from kippu_events.catalogue.entitlement.publisher import entitlement
from kippu_events.catalogue.fulfilment import ShipmentNeed, Target
from kippu_events.catalogue.hours import ServiceHours
from kippu_events.catalogue.quoting import QuoteNeed
from kippu_events.catalogue.values import Allocation, ClauseFinding, Outcome, Remedy, Reply, RequestDetails, WorkKind
from kippu_events.event import Event, Value


@entitlement
class RequestNoted(Event):
    """Intake's request became a fact of ours, as opened or as classified anew; decisions rest on this."""

    ticket_no: str
    customer_id: str
    contact_id: str
    plan_family: str
    channel: str
    received_at: AwareDatetime
    category: str | None = None
    asset_serial: str | None = None
    wanted_at: AwareDatetime | None = None
    wanted_minutes: int | None = None
    topic: str | None = None
    part: str | None = None
    isolated_at: AwareDatetime | None = None
    """When the fault was isolated, as intake recorded it."""
    details: RequestDetails | None = None
    """All that was said of it beside that, by now."""
    answered_at: AwareDatetime | None = None
    """When the customer answered what the request waited for, if that was before `occurred_at`."""


class VisitNeed(Value):
    """Work at a wanted time: held for the dispatcher, or to be booked as asked (IIJ-09)."""

    wanted_at: AwareDatetime
    minutes: int
    held: bool
    notice_days: int
    clause: str
    target: Target | None = None
    to_agree: bool = False
    """True if nobody asked for a time: one is to be agreed, and `wanted_at` is the first that fits the target."""
    serial: str | None = None
    """The unit that the work is on, where it is a repair."""
    model: str | None = None
    part: str | None = None
    """The part to bring, where it is known which one failed."""
    failed_part: Literal["taken_away", "handed_over"] | None = None
    """What becomes of the failed part: the engineer takes it away, or it stays with the customer, who owns it."""
    failed_part_clause: str | None = None
    area: str | None = None
    """Where it is, by the plan's areas; None where that is not on record."""
    skill: str | None = None
    """What the engineer has to be able to do, where the plan says so of the service."""
    service_hours: ServiceHours | None = None
    """When the service is given; None for one that is given always, and for work that the terms do not limit."""


@entitlement
class CoverageDecided(Event):
    """The answer, and why. `decision` counts the decisions on this request from 1; the last one stands."""

    ticket_no: str
    customer_id: str
    contact_id: str
    decision: int
    plan_family: str
    plan_version: str
    outcome: Outcome
    metered: bool = False
    """True if the debit becomes known as work is recorded."""
    quantity: int | None = None
    """Prepaid tickets to debit at once, where that is known."""
    waiting_for: str | None = None
    deciding_clause: str
    findings: tuple[ClauseFinding, ...]
    remedies: tuple[Remedy, ...]
    facts: dict[str, Any]
    """What was decided on, so that it can be decided again."""
    visit: VisitNeed | None = None
    service: str | None = None
    """Which of the plan's services the request gets, such as `advance_send_back`."""
    way: Literal["exchange", "repair", "visit", "answer"] | None = None
    """A replacement ships first, the failed part is repaired, an engineer goes there, or a question is answered."""
    contract_id: str | None = None
    """The contract under which it gets it, where one is needed."""
    counts_from: AwareDatetime | None = None
    """When the request counts as received: outside hours, at the next opening."""
    shipment: ShipmentNeed | None = None
    targets: tuple[Target, ...] = ()
    """Empty until the fault is isolated, where they count from that."""
    failed_part: Literal["returned_later", "sent_first", "taken_away", "handed_over"] | None = None
    """What becomes of the failed part; once `handed_over`, it is the customer's."""
    carriage_paid_by: Literal["sender", "provider", "customer"] | None = None
    """Who pays for what ships; None where nothing does."""
    replies: tuple[Reply, ...] = ()
    """What is answered to wishes beside the request itself."""
    quote: QuoteNeed | None = None
    """What is offered, where the outcome is `quote` and the terms say what."""


@entitlement
class ApprovalRequested(Event):
    approval_id: str
    ticket_no: str
    customer_id: str
    clause: str


@entitlement
class ApprovalGranted(Event):
    approval_id: str
    ticket_no: str
    customer_id: str
    granted_by: str


@entitlement
class ApprovalRefused(Event):
    approval_id: str
    ticket_no: str
    customer_id: str
    refused_by: str


@entitlement
class WorkNoted(Event):
    """Recorded work became a fact of ours, with what it comes to by the plan's metering (IIJ-07).

    `units_due` is what the whole request owes after this entry; it is debited up to that, never twice.
    """

    ticket_no: str
    customer_id: str
    work_id: str
    kind: WorkKind
    started_at: AwareDatetime
    minutes: int
    counted: bool
    minutes_total: int
    units_due: int


@entitlement
class DebitNoted(Event):
    """The case's own record of a debit from the wallet, appended with it: what a reversal has to put back, and where.

    `settles` is the id of the debit that had fallen short, where this one takes what was still owed.
    """

    ticket_no: str
    customer_id: str
    wallet_id: str
    debit_id: str
    quantity: int
    allocations: tuple[Allocation, ...]
    settles: str | None = None


@entitlement
class RequestDeclined(Event):
    """Nothing more is debited for this request, and what was debited is put back, unless it is decided anew."""

    ticket_no: str
    customer_id: str
    clause: str
    reason: str
    declined_by: Literal["terms", "dispatcher", "operator"] | None = None
    """A decision on coverage, who found nobody for the visit, or an operator by hand; None where nobody said."""


@entitlement
class RequestClosed(Event):
    """The desk closed the request: nobody approves or accepts anything for it any more. What was debited stays so."""

    ticket_no: str
    customer_id: str


@entitlement
class RequestReopened(Event):
    """The desk reopened a request that had ended. It is decided anew in the same append, unless it would be refused as
    it was."""

    ticket_no: str
    customer_id: str
    waiting_for: Literal["classification"] | None = None
    """What has to be known first where it would only be refused again."""
    clause: str | None = None
    """By which it would be, then."""
