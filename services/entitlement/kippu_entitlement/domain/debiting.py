"""What work on a request takes from the wallet: case and wallet change together, in one append.

Each entry of work counts at the instant it started, so a debit takes from the lots that were valid then. What is owed
is what the plan's metering makes of all work so far, less what was debited or is owed already.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kippu_events.catalogue.entitlement import (
    DebitNoted,
    DebitShortfall,
    RequestClosed,
    RequestDeclined,
    ShortfallForgiven,
)
from kippu_events.catalogue.values import Outcome, Price
from kippu_events.event import Event
from kippu_terms.metering import is_counted, units_due
from kippu_terms.plan import Plan

from kippu_entitlement.domain import case as cases
from kippu_entitlement.domain import quoting, streams
from kippu_entitlement.domain import wallet as wallets
from kippu_entitlement.domain.case import Case, Entry, Request, Shortfall, Standing
from kippu_entitlement.domain.wallet import Debited, Wallet


class PlanOffersNothing(LookupError):
    """The plan meters work, but offers nothing for a wallet that runs empty: the plan has to say what."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be recorded on the two streams, together."""

    on_case: tuple[Event, ...] = ()
    on_wallet: tuple[Event, ...] = ()


class _Books:
    """Case and wallet while their changes are worked out."""

    def __init__(self, case: Case, wallet: Wallet) -> None:
        self.case, self.wallet = case, wallet
        self._on_case: list[Event] = []
        self._on_wallet: list[Event] = []

    def note(self, event: Event) -> None:
        self.case = cases.evolve(self.case, event)
        self._on_case.append(event)

    def move(self, *events: Event) -> None:
        for event in events:
            self.wallet = wallets.evolve(self.wallet, event)
            self._on_wallet.append(event)

    def next_debit_id(self) -> str:
        return streams.debit_id(self.case.ticket_no, self.case.debit_count + 1)

    def changes(self) -> Changes:
        return Changes(tuple(self._on_case), tuple(self._on_wallet))


def counted(plan: Plan, request: Request, entry: Entry) -> bool:
    """Whether an entry of work costs prepaid tickets (IIJ-07): its kind does, and it began after the request."""
    return is_counted(plan, entry.kind, entry.started_at, request.received_at)


def units(plan: Plan, request: Request, work: tuple[Entry, ...]) -> int:
    """Prepaid tickets that a request owes for work so far; 0 under a plan that does not meter work."""
    if plan.commercial.metering is None:
        return 0
    return units_due(plan, [entry for entry in work if counted(plan, request, entry)])


def owed(plan: Plan, case: Case, work: tuple[Entry, ...]) -> int:
    """What is to be debited for work so far: all that it costs, less what bookings of this request were debited for."""
    if case.request is None:
        return 0
    paid = 0
    for begins_at in {each.begins_at for each in case.appointments}:
        that_day = [each for each in case.appointments if each.begins_at == begins_at]
        ends_at = max(each.ends_at for each in that_day)
        within = tuple(entry for entry in work if begins_at <= entry.started_at < ends_at)
        paid += min(sum(each.units for each in that_day), units(plan, case.request, within))
    return units(plan, case.request, work) - paid


def debit_due(case: Case, wallet: Wallet, plan: Plan, now: datetime) -> Changes:
    """Debits what the request owes by now; nothing while it waits, is refused, or is declined."""
    books = _Books(case, wallet)
    request, standing = case.request, case.standing
    if request is None or standing is None or not case.debits_work:
        return books.changes()
    if standing.quantity is not None and not standing.metered:
        _debit(books, plan, standing.quantity, request.received_at, now)
        return books.changes()
    for place, entry in enumerate(case.work, start=1):
        _debit(books, plan, owed(plan, case, case.work[:place]), entry.started_at, now)
    return books.changes()


def _debit(books: _Books, plan: Plan, due: int, counts_at: datetime, now: datetime) -> None:
    """Debits up to `due` in all. What the wallet lacks is owed, and offered."""
    wanted = due - books.case.settled_units
    if wanted <= 0:
        return
    debit_id = books.next_debit_id()
    debited = _take(books, wallets.Debit(debit_id, books.case.ticket_no, wanted, counts_at, _clause(books.case)), now)
    if debited.missing:
        books.note(_shortfall(books.case, plan, debit_id, wanted, debited.missing, now))


def _take(books: _Books, debit: wallets.Debit, now: datetime, settles: str | None = None) -> Debited:
    debited = wallets.debit(books.wallet, debit, now)
    if debited.taken:
        books.move(*debited.events)
        books.note(
            DebitNoted(
                occurred_at=now,
                ticket_no=debit.ticket_no,
                customer_id=books.wallet.customer_id,
                wallet_id=books.wallet.wallet_id,
                debit_id=debit.debit_id,
                quantity=debited.taken,
                allocations=debited.allocations,
                settles=settles,
            )
        )
    return debited


def _clause(case: Case) -> str:
    return case.standing.clause if case.standing else ""


def _shortfall(case: Case, plan: Plan, debit_id: str, wanted: int, missing: int, now: datetime) -> DebitShortfall:
    offer = plan.shortfall_offer(missing, plan.calendar.local_date(now))
    if offer is None or case.request is None:
        raise PlanOffersNothing(f"{plan.family} {plan.version} offers nothing for a wallet that runs empty")
    return DebitShortfall(
        occurred_at=now,
        wallet_id=case.wallet_id,
        customer_id=case.request.customer_id,
        debit_id=debit_id,
        ticket_no=case.ticket_no,
        wanted=wanted,
        missing=missing,
        offer_product=offer.product,
        offer_quantity=offer.quantity,
        offer=Price.model_validate(offer.price.model_dump()),
        offer_valid_until=offer.valid_until,
        clause=_clause(case),
    )


def settle(case: Case, wallet: Wallet, short: Shortfall, lot_id: str, now: datetime) -> Changes:
    """Debits what a request still owes from the lot that was bought for it, as of the instant that it is there."""
    books = _Books(case, wallet)
    lot = wallet.lot(lot_id)
    if lot is not None and short.missing > 0:
        counts_at = max(now, lot.valid_from)
        debit = wallets.Debit(
            books.next_debit_id(), case.ticket_no, short.missing, counts_at, _clause(case), only_lot=lot_id
        )
        _take(books, debit, now, settles=short.debit_id)
    return books.changes()


def give_back(before: Case, after: Case, wallet: Wallet, now: datetime) -> Changes:
    """What earlier decisions debited goes back once a later one finds that the request costs nothing."""
    books = _Books(after, wallet)
    if before.debits and not after.debits:
        _reverse(books, before, "decided anew: the request costs nothing", now)
    if not any(short.missing for short in after.shortfalls):
        _forgive(books, before, now)
    return books.changes()


def _forgive(books: _Books, case: Case, now: datetime) -> None:
    """Tells whoever made an offer for it that it is needed no more."""
    for short in case.shortfalls:
        if short.missing and case.request is not None:
            books.note(
                ShortfallForgiven(
                    occurred_at=now,
                    wallet_id=case.wallet_id,
                    customer_id=case.request.customer_id,
                    debit_id=short.debit_id,
                    ticket_no=case.ticket_no,
                    quantity=short.missing,
                )
            )


def _reverse(books: _Books, case: Case, reason: str, now: datetime) -> None:
    for debit in case.debits:
        books.move(
            *wallets.reverse(
                books.wallet,
                debit_id=debit.debit_id,
                ticket_no=case.ticket_no,
                allocations=debit.allocations,
                reason=reason,
                now=now,
            )
        )


_UNSERVED = (Outcome.QUOTE, Outcome.CONSULT, Outcome.WAITING)


def close(case: Case, wallet: Wallet, now: datetime) -> Changes:
    """A request that ends while what was quoted for it is still to be accepted, ordered or paid is not served. Where
    anything was done or paid, a person decides on what was accepted; what was not is offered no more."""
    if case.request is None or case.ended:
        return Changes()
    standing, given_back = case.standing, Changes()
    if standing is not None and _is_unserved(case, standing):
        reason = "it was closed before what was quoted for it was paid"
        given_back = decline(case, wallet, clause=standing.clause, reason=reason, now=now)
    forgone = () if given_back.on_case else quoting.forgone(case.quotes, case.ticket_no, case.request.customer_id, now)
    closed = RequestClosed(occurred_at=now, ticket_no=case.ticket_no, customer_id=case.request.customer_id)
    return Changes((*given_back.on_case, *forgone, closed), given_back.on_wallet)


def _is_unserved(case: Case, standing: Standing) -> bool:
    begun = case.work or case.debits or case.appointments
    return standing.outcome in _UNSERVED and quoting.waits(case.quotes) and not begun


def decline(
    case: Case,
    wallet: Wallet,
    *,
    clause: str,
    reason: str,
    now: datetime,
    by: Literal["terms", "dispatcher", "operator"] | None = None,
) -> Changes:
    """The request will not be served: every debit goes back to its lots, nothing is owed or offered any more, and what
    was ordered for it comes to nothing."""
    books = _Books(case, wallet)
    if case.request is None or case.declined:
        return books.changes()
    _reverse(books, case, reason, now)
    _forgive(books, case, now)
    for ended in (quoting.forgone, quoting.unserved):
        for each in ended(case.quotes, case.ticket_no, case.request.customer_id, now):
            books.note(each)
    books.note(
        RequestDeclined(
            occurred_at=now,
            ticket_no=case.ticket_no,
            customer_id=case.request.customer_id,
            clause=clause,
            reason=reason,
            declined_by=by,
        )
    )
    return books.changes()
