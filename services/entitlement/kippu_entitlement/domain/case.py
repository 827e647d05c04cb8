"""A case: everything that is decided about one request, the work on it, and what that owes.

Facts come first: a request, a classification, an engineer's time become events of the case before anything is decided
on them. The last decision stands. What is owed is debited up to what the plan's metering says, never twice.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime

from kippu_events.catalogue.bookings import BookingNoted
from kippu_events.catalogue.entitlement import (
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRequested,
    CoverageDecided,
    DebitNoted,
    DebitShortfall,
    RequestClosed,
    RequestDeclined,
    RequestNoted,
    RequestReopened,
    WorkNoted,
)
from kippu_events.catalogue.quoting import QuoteEvent, QuoteForgone
from kippu_events.catalogue.values import Allocation, Outcome, Price, RequestDetails, WorkKind
from kippu_events.event import Event
from kippu_terms.clock import Pause

from kippu_entitlement.domain import quoting, streams
from kippu_entitlement.domain.checks import conflict, not_found
from kippu_entitlement.domain.quoting import Quoted


@dataclass(frozen=True, slots=True)
class Request:
    """The facts of a request, as opened or as classified last."""

    customer_id: str
    contact_id: str
    plan_family: str
    channel: str
    received_at: datetime
    category: str | None
    asset_serial: str | None
    wanted_at: datetime | None
    wanted_minutes: int | None
    topic: str | None = None
    part: str | None = None
    isolated_at: datetime | None = None
    details: RequestDetails | None = None
    """All that was said of it beside that."""

    @property
    def subject(self) -> tuple[str | None, str | None]:
        """What it is about."""
        return self.category, self.asset_serial


_FACTS = {each.name for each in fields(Request)}
FOR_CUSTOMER = "customer"
"""What a decision waits for where the customer has to do or say something first (SVT-15, CWC-15)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An engineer's time."""

    work_id: str
    kind: WorkKind
    started_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The decision that stands."""

    number: int
    plan_version: str
    outcome: Outcome
    metered: bool
    quantity: int | None
    clause: str


@dataclass(frozen=True, slots=True)
class OpenDebit:
    debit_id: str
    wallet_id: str
    quantity: int
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A debit that fell short. `missing` is owed still; the rest is the offer that was made for it."""

    debit_id: str
    missing: int
    plan_version: str
    product: str
    quantity: int
    price: Price


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booking for this request. Its units pay work that begins from `begins_at` until before `ends_at`; an invoiced
    one has none."""

    booking_id: str
    units: int
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    ticket_no: str = ""
    request: Request | None = None
    standing: Standing | None = None
    approval_id: str | None = None
    """The approval that is asked for and not yet answered."""
    approved: bool | None = None
    """The last answer, None while nobody answered."""
    work: tuple[Entry, ...] = ()
    debits: tuple[OpenDebit, ...] = ()
    """What was taken for this request and not put back."""
    shortfalls: tuple[Shortfall, ...] = ()
    debit_count: int = 0
    declined: bool = False
    closed: bool = False
    noted_at: datetime | None = None
    """When the facts that are known last became true."""
    answered_at: datetime | None = None
    """When the customer answered by what is known last."""
    waits_since: datetime | None = None
    """Since when it waits for the customer, if it does."""
    pauses: tuple[Pause, ...] = ()
    """The times in which it waited for the customer."""
    quotes: tuple[Quoted, ...] = ()
    """What was to be offered for what the terms do not include."""
    appointments: tuple[Appointment, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing is decided on it any more, until it is reopened or said to be about something else."""
        return self.declined or self.closed

    @property
    def paused(self) -> tuple[Pause, ...]:
        """The pauses, with the one that ends with what is known last."""
        if self.waits_since is None or self.answered_at is None or self.answered_at <= self.waits_since:
            return self.pauses
        return (*self.pauses, Pause(begins_at=self.waits_since, ends_at=self.answered_at))

    @property
    def settled_units(self) -> int:
        """What was debited or is owed already."""
        return sum(debit.quantity for debit in self.debits) + sum(short.missing for short in self.shortfalls)

    @property
    def debits_work(self) -> bool:
        """Whether work on this request is debited as the decision stands."""
        return not self.declined and self.standing is not None and self.standing.outcome is Outcome.COVERED_BY_DEBIT

    @property
    def wallet_id(self) -> str:
        """Raises LookupError for a case without a request."""
        if self.request is None:
            raise LookupError(f"case {self.ticket_no or '(new)'} has no request")
        return streams.wallet_id(self.request.customer_id, self.request.plan_family)

    def shortfall(self, debit_id: str) -> Shortfall | None:
        return next((short for short in self.shortfalls if short.debit_id == debit_id), None)

    def quoted(self, quote_id: str) -> Quoted | None:
        return next((each for each in self.quotes if each.need.quote_id == quote_id), None)


def evolve(state: Case, event: Event) -> Case:
    match event:
        case RequestNoted():
            return _noted(state, event)
        case CoverageDecided():
            return _decided(state, event)
        case ApprovalRequested():
            return replace(state, approval_id=event.approval_id, approved=None)
        case ApprovalGranted() | ApprovalRefused():
            return replace(state, approval_id=None, approved=isinstance(event, ApprovalGranted))
        case WorkNoted():
            entry = Entry(event.work_id, event.kind, event.started_at, event.minutes)
            return replace(state, work=(*state.work, entry))
        case _:
            return _owing(state, event)


def _owing(state: Case, event: Event) -> Case:
    match event:
        case DebitNoted():
            return _debited(state, event)
        case DebitShortfall():
            return _fell_short(state, event)
        case RequestDeclined() | RequestClosed() | RequestReopened():
            return _ended(state, event)
        case QuoteForgone() | QuoteEvent():
            return replace(state, quotes=quoting.settled(state.quotes, event))
        case BookingNoted():
            others = tuple(each for each in state.appointments if each.booking_id != event.booking_id)
            now = Appointment(event.booking_id, event.units, event.begins_at, event.ends_at)
            return replace(state, appointments=(*others, now))
        case _:
            return state


def _ended(state: Case, event: RequestDeclined | RequestClosed | RequestReopened) -> Case:
    match event:
        case RequestDeclined():
            return replace(_owes_nothing(state), declined=True, approval_id=None)
        case RequestClosed():
            return replace(state, closed=True, approval_id=None)
        case RequestReopened():
            return replace(state, declined=False, closed=False)


def noted(ticket_no: str, request: Request, now: datetime, *, answered_at: datetime | None = None) -> RequestNoted:
    """What is known of a request from now on; `answered_at`, if the customer had said so earlier."""
    known = {name: getattr(request, name) for name in _FACTS}
    return RequestNoted(occurred_at=now, ticket_no=ticket_no, answered_at=answered_at, **known)


def said(known: Request, details: RequestDetails | None) -> Request:
    """The request with what is stated now over what was said of it before."""
    if details is None:
        return known
    return replace(known, details=known.details.updated(details) if known.details else details)


def classified(state: Case, stated: Request) -> Request:
    """What a classification leaves of an isolation: it stands, unless another unit is named than the one at fault."""
    found = state.request
    if found is None or found.isolated_at is None:
        return stated
    if stated.asset_serial not in (None, found.asset_serial):
        return replace(stated, isolated_at=None)
    return replace(stated, asset_serial=found.asset_serial, part=stated.part or found.part)


def _noted(state: Case, event: RequestNoted) -> Case:
    # What a later story adds to the event is not ours until this state has a place for it.
    request = Request(**{name: getattr(event, name) for name in _FACTS})
    # What was approved is this category of work on this asset; another one is asked for anew.
    same = state.request is not None and state.request.subject == request.subject
    return replace(
        state,
        ticket_no=event.ticket_no,
        request=request,
        approved=state.approved if same else None,
        noted_at=event.occurred_at,
        answered_at=_answered_at(state, event),
    )


def _answered_at(state: Case, event: RequestNoted) -> datetime:
    """An answer from before it began to wait is none to what it waits for now."""
    said = event.answered_at
    stale = said is not None and state.waits_since is not None and said <= state.waits_since
    return event.occurred_at if said is None or stale else said


def _decided(state: Case, event: CoverageDecided) -> Case:
    standing = Standing(
        event.decision, event.plan_version, event.outcome, event.metered, event.quantity, event.deciding_clause
    )
    # An approval that was asked for by an earlier decision is no longer waited for.
    decided = replace(_paused(state, event), standing=standing, declined=False, approval_id=None)
    if state.request is not None:
        quotes = quoting.asked(state.quotes, event.quote, state.request.subject, event.plan_version)
        decided = replace(decided, quotes=quotes)
    return _owes_nothing(decided) if event.outcome is Outcome.COVERED else decided


def _paused(state: Case, event: CoverageDecided) -> Case:
    """It waits for the customer from when that was found, until what the customer said lets it go on."""
    if event.waiting_for == FOR_CUSTOMER:
        return replace(state, waits_since=state.waits_since or state.noted_at)
    return replace(state, waits_since=None, pauses=state.paused)


def _owes_nothing(state: Case) -> Case:
    """What was debited goes back to the wallet in the same append, and what was owed is forgiven."""
    return replace(state, debits=(), shortfalls=tuple(replace(short, missing=0) for short in state.shortfalls))


def _debited(state: Case, event: DebitNoted) -> Case:
    debit = OpenDebit(event.debit_id, event.wallet_id, event.quantity, event.allocations)
    shortfalls = tuple(
        replace(short, missing=short.missing - event.quantity) if short.debit_id == event.settles else short
        for short in state.shortfalls
    )
    return _count(replace(state, debits=(*state.debits, debit), shortfalls=shortfalls), event.debit_id)


def _fell_short(state: Case, event: DebitShortfall) -> Case:
    short = Shortfall(
        debit_id=event.debit_id,
        missing=event.missing,
        plan_version=state.standing.plan_version if state.standing else "",
        product=event.offer_product,
        quantity=event.offer_quantity,
        price=event.offer,
    )
    return _count(replace(state, shortfalls=(*state.shortfalls, short)), event.debit_id)


def _count(state: Case, debit_id: str) -> Case:
    """A debit that took a part and fell short of the rest is one debit."""
    return replace(state, debit_count=int(debit_id.rpartition(".")[2]))


def answer_approval(
    state: Case, *, approval_id: str, granted: bool, actor: str, now: datetime
) -> ApprovalGranted | ApprovalRefused:
    """An operator's recorded answer (IIJ-06). An approval is answered once, and only while it is asked for."""
    if state.request is None:
        raise not_found("such approval")
    if state.approval_id != approval_id:
        raise conflict("approval_not_open", f"approval {approval_id} is not waiting for an answer", "approval_id")
    if granted:
        return ApprovalGranted(
            occurred_at=now,
            approval_id=approval_id,
            ticket_no=state.ticket_no,
            customer_id=state.request.customer_id,
            granted_by=actor,
        )
    return ApprovalRefused(
        occurred_at=now,
        approval_id=approval_id,
        ticket_no=state.ticket_no,
        customer_id=state.request.customer_id,
        refused_by=actor,
    )
