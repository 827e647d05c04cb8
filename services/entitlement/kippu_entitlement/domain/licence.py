"""The licences that a customer holds under a family of terms, and what their holder is known by.

They are worth their whole price on, and maintained up to, the same days (CWC-08). The member ID is issued with each
payment, and voids the one before (CWC-12); it ends with the maintenance, whether anybody has looked or not (CWC-04).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Literal

from kippu_events.catalogue.licences import (
    IncidentMemberIssued,
    LicenceRenewed,
    LicenceSold,
    MaintenanceEnded,
    MemberIdIssued,
    MemberIdVoided,
    RenewalNoticed,
)
from kippu_events.event import Event
from kippu_events.ports import Ids
from kippu_privacy import Plain
from kippu_terms.dates import end_of
from kippu_terms.facts import CustomerFacts
from kippu_terms.orders.facts import HeldLicence
from kippu_terms.plan import Plan
from kippu_terms.renewals.maintenance import licences_of, notice_at, year_from
from kippu_terms.renewals.worth import yearly_fee

from kippu_entitlement.domain.order import Order

Kind = Literal["sold", "continuing", "rejoining", "adding"]
_ID_LENGTH = 16
_KEY_GROUPS = 5
_GROUP = 5


@dataclass(frozen=True, slots=True)
class Licence:
    licence_id: str = ""
    customer_id: str = ""
    plan_family: str = ""
    plan_version: str = ""
    contact_id: str | None = None
    """Who bought or renewed last."""
    quantity: int = 0
    price_paid: int = 0
    full_on: date | None = None
    maintained_until: date | None = None
    ends_at: datetime | None = None
    member_id_hash: str | None = None
    """Of the ID that was issued last."""
    noticed_for: date | None = None
    """The end of maintenance that was announced last."""
    ended_on: date | None = None
    """The end of maintenance that came last."""
    incident_member: bool = False

    @property
    def exists(self) -> bool:
        return self.quantity > 0

    def held(self) -> HeldLicence | None:
        """As facts of an order; None before any licence was sold."""
        if self.full_on is None or self.maintained_until is None:
            return None
        return HeldLicence(
            licence_id=self.licence_id,
            quantity=self.quantity,
            price_paid=self.price_paid,
            full_on=self.full_on,
            maintained_until=self.maintained_until,
        )

    def maintained_at(self, instant: datetime) -> bool:
        """The end date decides, not whether a deadline has run (CWC-04)."""
        return self.ends_at is not None and instant < self.ends_at


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a paid order does to the licences: what kind it is, how many are added, and from which day it runs."""

    kind: Kind
    added: int
    starts_on: date


def evolve(state: Licence, event: Event) -> Licence:
    match event:
        case LicenceSold() | LicenceRenewed():
            kept = {name: getattr(event, name) for name in _KEPT}
            return replace(state, **kept, contact_id=event.contact_id or state.contact_id)
        case MemberIdIssued():
            return replace(state, member_id_hash=event.member_id_hash)
        case IncidentMemberIssued():
            return replace(
                state,
                licence_id=event.licence_id,
                customer_id=event.customer_id,
                contact_id=state.contact_id or event.contact_id,
                incident_member=True,
            )
        case RenewalNoticed():
            return replace(state, noticed_for=event.maintained_until)
        case MaintenanceEnded():
            return replace(state, ended_on=event.ended_on)
        case _:
            return state


_KEPT = (
    "licence_id",
    "customer_id",
    "plan_family",
    "plan_version",
    "quantity",
    "price_paid",
    "full_on",
    "maintained_until",
    "ends_at",
)


def hash_of(provider: str, secret: str) -> str:
    """What a member ID or number is recognised by. Blanks, dashes and the case of letters do not matter."""
    plain = "".join(character for character in secret.upper() if character.isalnum())
    return sha256(f"{provider}:{plain}".encode()).hexdigest()


def facts_of(state: Licence, at: datetime, *, competitor: bool = False) -> CustomerFacts:
    """What is on record of the customer at an instant, for decisions on its requests and orders."""
    member_id: Literal["valid", "void", "none"] = "none"
    if state.exists:
        member_id = "valid" if state.maintained_at(at) else "void"
    return CustomerFacts(
        competitor=competitor,
        bought_licence=state.exists,
        member_id=member_id,
        incident_member="valid" if state.incident_member else "none",
    )


def purchase_of(state: Licence, order: Order, plan: Plan, paid_on: date) -> Purchase | None:
    """What a paid order is to the licences; None for one that leaves them as they are."""
    terms = licences_of(plan)
    lines = {line.product: line for line in order.lines}
    added = lines[terms.product].quantity if terms.product in lines else 0
    kinds: tuple[tuple[str, Kind], ...] = (
        (terms.continuing.product, "continuing"),
        (terms.rejoining.product, "rejoining"),
        (terms.adding.product, "adding"),
    )
    for product, kind in kinds:
        if product in lines:
            return Purchase(kind, added, _start(state, kind, lines[product].valid_from or paid_on))
    if not added:
        return None
    return Purchase("adding" if state.exists else "sold", added, paid_on)


def _start(state: Licence, kind: Kind, pinned: date) -> date:
    """A continuing renewal follows what is maintained by now, so that one that is paid twice lasts twice as long."""
    if kind != "continuing" or state.maintained_until is None:
        return pinned
    return max(pinned, state.maintained_until + timedelta(days=1))


def take(
    state: Licence,
    bought: Purchase,
    order: Order,
    plan: Plan,
    *,
    licence_id: str,
    contact_id: str | None,
    now: datetime,
) -> tuple[LicenceSold | LicenceRenewed]:
    """The licences as they are from this payment on."""
    terms = licences_of(plan)
    first, last = year_from(bought.starts_on)
    fields = {
        "occurred_at": now,
        "licence_id": licence_id,
        "customer_id": order.customer_id,
        "plan_family": order.plan_family,
        "plan_version": order.plan_version,
        "order_id": order.order_id,
        "contact_id": contact_id,
        "quantity": state.quantity + bought.added,
        "price_paid": state.price_paid + bought.added * plan.product(terms.product).unit_price,
        "full_on": first,
        "maintained_until": last,
        "ends_at": end_of(last, plan.zone),
        "notice_at": notice_at(plan, last),
    }
    if bought.kind == "sold":
        return (LicenceSold.model_validate(fields),)
    return (LicenceRenewed.model_validate({**fields, "kind": bought.kind}),)


def issue_member_id(
    state: Licence, plan: Plan, order_id: str, *, language: str, ids: Ids, now: datetime
) -> tuple[Event, ...]:
    """A new ID and key; the old ID stops working with it (CWC-12). To be asked of licences that were just paid."""
    if state.maintained_until is None or state.ends_at is None:
        raise AssertionError("a member ID belongs to licences that are maintained")
    clause, subject = licences_of(plan).keys.clause, _subject(plan, state)
    member_id = _grouped(ids.code(_ID_LENGTH), 4)
    issued = MemberIdIssued(
        occurred_at=now,
        order_id=order_id,
        contact_id=state.contact_id,
        language=language,
        member_id_hash=hash_of(plan.provider, member_id),
        member_id=Plain(subject, member_id),
        licence_key=Plain(subject, _grouped(ids.code(_KEY_GROUPS * _GROUP), _GROUP)),
        maintained_until=state.maintained_until,
        ends_at=state.ends_at,
        clause=clause,
        **_identity(state),
    )
    if state.member_id_hash is None:
        return (issued,)
    voided = MemberIdVoided(
        occurred_at=now, member_id_hash=state.member_id_hash, reason="renewed", clause=clause, **_identity(state)
    )
    return voided, issued


def issue_incident_number(
    state: Licence,
    plan: Plan,
    order: Order,
    *,
    licence_id: str,
    contact_id: str | None,
    language: str,
    clause: str,
    ids: Ids,
    now: datetime,
) -> tuple[Event, ...]:
    """With the first incidents that a customer buys (CWC-21); nothing for one that has its number."""
    if state.incident_member:
        return ()
    number = _grouped(ids.code(_ID_LENGTH), 4)
    return (
        IncidentMemberIssued(
            occurred_at=now,
            licence_id=licence_id,
            customer_id=order.customer_id,
            order_id=order.order_id,
            contact_id=contact_id or state.contact_id,
            language=language,
            number_hash=hash_of(plan.provider, number),
            number=Plain(f"customer-{plan.provider}-{order.customer_id}", number),
            clause=clause,
        ),
    )


def notice(state: Licence, plan: Plan, maintained_until: date, language: str, now: datetime) -> tuple[Event, ...]:
    """About a month before the end (CWC-09); nothing if it was renewed since, or announced already."""
    terms = licences_of(plan)
    if state.maintained_until != maintained_until or state.noticed_for == maintained_until or terms.notice is None:
        return ()
    return (
        RenewalNoticed(
            occurred_at=now,
            contact_id=state.contact_id,
            language=language,
            maintained_until=maintained_until,
            fee=yearly_fee(terms.value, state.price_paid),
            currency=plan.commercial.currency,
            clause=terms.notice.clause,
            **_identity(state),
        ),
    )


def end(state: Licence, plan: Plan, maintained_until: date, now: datetime) -> tuple[Event, ...]:
    """Nothing if it was renewed since."""
    if state.maintained_until != maintained_until or state.ended_on == maintained_until:
        return ()
    clause = licences_of(plan).ending.clause
    return (MaintenanceEnded(occurred_at=now, ended_on=maintained_until, clause=clause, **_identity(state)),)


def _grouped(code: str, size: int) -> str:
    """`ABCD-EFGH-…`, to be read and typed."""
    return "-".join(code[place : place + size] for place in range(0, len(code), size))


def _subject(plan: Plan, state: Licence) -> str:
    return f"customer-{plan.provider}-{state.customer_id}"


def _identity(state: Licence) -> dict[str, str]:
    return {"licence_id": state.licence_id, "customer_id": state.customer_id}
