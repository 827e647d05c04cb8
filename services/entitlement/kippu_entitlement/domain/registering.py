"""Registering a contract (SVT-06), changing what is registered (SVT-11), and its beginning with a delivery (SVT-26).

What is personal, the site's address, comes in the clear and goes sealed into the event; everything else is decided from
what the contract and the register hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from kippu_events.catalogue.contracts import (
    ContractActivated,
    ContractRegistered,
    DeliveryCorrected,
    RegistrationChanged,
    RegistrationReminded,
)
from kippu_events.catalogue.entitlement import AssetContract, AssetCorrected, UndatedContract
from kippu_events.event import Event
from kippu_privacy import Plain
from kippu_terms.contracts import change_takes_effect, contract_end, registration_clause
from kippu_terms.dates import start_of
from kippu_terms.orders.deciding import decide_order
from kippu_terms.orders.facts import OrderedAsset, OrderFacts
from kippu_terms.orders.periods import runs_from
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault
from kippu_terms.registration import RegistrationTerms, Stated, carried_over, normalised

from kippu_entitlement.domain import correction, selling
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.checks import conflict
from kippu_entitlement.domain.contract import Contract


@dataclass(frozen=True, slots=True)
class Site:
    """Where the device is installed."""

    address: Plain | None
    """None where it is that of the contract that is renewed."""
    area: str | None = None
    remote_island: bool = False
    height_cm: int | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """What is stated; None is what is not."""

    consent: bool = False
    serial: str | None = None
    model: str | None = None
    contact_id: str | None = None
    site: Site | None = None
    site_of: str | None = None
    """The contract on whose stream the address stands, where it is taken over."""
    taken_over: tuple[str, ...] = ()

    @property
    def stated(self) -> Stated:
        return Stated(
            consent=self.consent,
            serial=normalised(self.serial) if self.serial else None,
            model=self.model,
            contact_id=self.contact_id,
            has_site=self.site is not None,
        )


def terms_of(plan: Plan) -> RegistrationTerms:
    """Raises Refused where the terms know no registration."""
    if plan.contracts.registration is None:
        raise conflict("no_registration", f"the terms of {plan.family} know no registration of contracts")
    return plan.contracts.registration


def completed(wanted: Registration, terms: RegistrationTerms, renewed: Contract | None, device: str) -> Registration:
    """With what it leaves out taken from the contract that it renews (SVT-07); its serial number made plain.

    `device` is the serial number of the renewed contract's device, or of the one that took its place since.
    """
    before = None
    if renewed is not None and renewed.registered_at is not None:
        before = Stated(serial=device, model=renewed.model, contact_id=renewed.contact_id, has_site=True)
    stated, taken = carried_over(terms, wanted.stated, before)
    filled = replace(wanted, serial=stated.serial, model=stated.model, contact_id=stated.contact_id)
    if renewed is not None and "has_site" in taken:
        site = Site(None, renewed.area, renewed.remote_island, renewed.height_cm)
        filled = replace(filled, site=site, site_of=renewed.site_of)
    return replace(filled, taken_over=tuple(sorted("site" if name == "has_site" else name for name in taken)))


def register(state: Contract, wanted: Registration, now: datetime) -> tuple[Event, ...]:
    """`wanted` is complete. Once registered, the same again is nothing, and anything else is a change to report."""
    serial, model, contact_id, site = wanted.serial, wanted.model, wanted.contact_id, wanted.site
    if not (serial and model and contact_id and site):
        raise AssertionError("a registration is recorded once nothing is missing")
    require_running(state)
    if state.registered_at is not None:
        if _is_registered(state, wanted, site):
            return ()
        message = f"contract {state.contract_id} is registered already: report what changed as a change"
        raise conflict("registered_already", message, "contract_id")
    return (
        ContractRegistered(
            occurred_at=now,
            contract_id=state.contract_id,
            customer_id=state.customer_id,
            serial=serial,
            model=model,
            contact_id=contact_id,
            site=site.address,
            site_of=wanted.site_of,
            taken_over=wanted.taken_over,
            area=site.area,
            remote_island=site.remote_island,
            height_cm=site.height_cm,
            registered_at=now,
            active_from=state.valid_from,
        ),
    )


def not_sold_for(state: Contract, plan: Plan, device: Asset, serial: str, sold_for: str) -> Iterator[Fault]:
    """Why a contract is none to register for the device of that `serial`: that is under other terms, or it was sold for
    another in the register, or runs from the purchase of another. `sold_for` is the device that it was sold for, or the
    one that took its place."""
    if state.registered_at is not None:
        return
    theirs = device.customer_id == state.customer_id and device.replaced_by is None
    if theirs and device.plan_family != state.plan_family:
        message = f"{serial} is registered under the terms of {device.plan_family}, not {state.plan_family}"
        yield Fault("under_other_terms", message, "serial")
    if state.serial is not None:
        if serial not in (state.serial, sold_for):
            yield Fault("sold_for_another", f"contract {state.contract_id} was sold for {sold_for}", "serial")
        return
    product = plan.product(state.product)
    bought_on = device.bought_on if device.customer_id == state.customer_id else None
    if product.runs_from == "asset_purchase" and bought_on not in (None, state.valid_from):
        message = f"contract {state.contract_id} runs from a purchase on {state.valid_from}; {serial}: {bought_on}"
        yield Fault("bought_on_another_day", message, "serial", product.clause)


def _is_registered(state: Contract, wanted: Registration, site: Site) -> bool:
    """The same as is registered, the address aside, which nobody here can read."""
    stands = (state.serial, state.model, state.contact_id, state.area, state.remote_island, state.height_cm)
    return stands == (
        wanted.serial,
        wanted.model,
        wanted.contact_id,
        site.area,
        site.remote_island,
        site.height_cm,
    )


def require_running(state: Contract) -> None:
    """Raises Refused for a contract that ended or was given back."""
    if state.is_over:
        message = f"contract {state.contract_id} is over ({state.status})"
        raise conflict("contract_over", message, "contract_id")


def change(
    state: Contract, plan: Plan, contact_id: str | None, site: Site | None, now: datetime
) -> tuple[RegistrationChanged, ...]:
    """What changed of the contact or the site, from when on the terms take it up. Nothing for what is the same."""
    require_running(state)
    if state.registered_at is None:
        message = f"contract {state.contract_id} is not registered yet: register it"
        raise conflict("not_registered", message, "contract_id")
    changed: dict[str, Any] = {"contact_id": contact_id} if contact_id not in (None, state.contact_id) else {}
    if site is not None:
        stated = {"area": site.area, "remote_island": site.remote_island, "height_cm": site.height_cm}
        differs = {name: value for name, value in stated.items() if value != getattr(state, name)}
        changed |= {"site": site.address, **differs}
    if not changed:
        return ()
    return (
        RegistrationChanged(
            occurred_at=now,
            contract_id=state.contract_id,
            customer_id=state.customer_id,
            changed=tuple(changed),
            effective_at=change_takes_effect(plan, now),
            **changed,
        ),
    )


def activate(state: Contract, plan: Plan, delivered_on: date, now: datetime) -> tuple[Event, ...]:
    """Its device was delivered: the term runs from that day on, registered or not. The same day again is nothing."""
    require_running(state)
    if state.valid_from is not None:
        if state.valid_from == delivered_on:
            return ()
        message = f"contract {state.contract_id} runs from {state.valid_from} already: a wrong day is corrected"
        raise conflict("runs_already", message, "delivered_on")
    return (ContractActivated(occurred_at=now, **_term(state, plan, delivered_on)),)


def correct_delivery(
    state: Contract, plan: Plan, renewals: Sequence[Contract], delivered_on: date, now: datetime
) -> tuple[Event, ...]:
    """It was delivered on another day than was reported. The same day is nothing; a contract that ended by the wrong
    day goes on."""
    if state.status == "refunded":
        require_running(state)
    if state.valid_from == delivered_on:
        return ()
    term = _term(state, plan, delivered_on)
    if state.valid_from is None:
        message = f"contract {state.contract_id} waits for its delivery: report it"
        raise conflict("not_delivered", message, "delivered_on")
    following = ", ".join(each.contract_id for each in renewals if not each.is_over)
    if following:
        message = f"contract {state.contract_id} is renewed by {following}, which runs from its end"
        raise conflict("renewed_already", message, "delivered_on")
    return (DeliveryCorrected(occurred_at=now, was_active_from=state.valid_from, **term),)


def _term(state: Contract, plan: Plan, delivered_on: date) -> dict[str, Any]:
    """What begins with a delivery on that day. Raises Refused for a product that does not."""
    device = OrderedAsset(delivered_on=delivered_on)
    facts = OrderFacts(provider=plan.provider, product=state.product, ordered_on=delivered_on, asset=device)
    decided = decide_order(plan, facts)
    if decided.period is None or runs_from(plan, plan.product(state.product)) != "delivery":
        raise conflict("not_by_delivery", f"{state.product} does not run from a delivery", "delivered_on")
    first, last = decided.period.valid_from, decided.period.valid_until
    end = contract_end(plan, first, last)
    register_by = decided.register_by if state.registered_at is None else None
    return {
        "contract_id": state.contract_id,
        "customer_id": state.customer_id,
        "active_from": first,
        "valid_until": last,
        "ends_at": end.ends_at,
        "remind_at": end.remind_at,
        "register_by": register_by,
        "registration_due_at": start_of(register_by, plan.zone) if register_by else None,
    }


def began(
    device: Asset, contract: Contract, plan: Plan, delivered_on: date, by: str, now: datetime
) -> tuple[AssetCorrected, ...]:
    """Since when the device has had the contract that began with its delivery: since that day, if it was registered and
    there by then, though nobody knew."""
    if contract.registered_at is None:
        return ()
    since = max(start_of(delivered_on, plan.zone), contract.registered_at)
    if device.replaces is not None:
        since = max(since, start_of(device.replaces.replaced_on, plan.zone))
    return (correction.corrected(device, ("contracts", "undated"), since, by, now),) if since < now else ()


def waits(state: Contract) -> bool:
    """True for a contract that should be registered by some day, and is not."""
    return not state.is_over and state.registered_at is None and state.register_by is not None


def remind(
    state: Contract, plan: Plan, together: Sequence[Contract], contacts: Mapping[str, str], at: datetime
) -> tuple[Event, ...]:
    """That it should be registered by now (SVT-09); nothing once it is, or is over.

    `together` are the contracts of the same order; `contacts` who is written to, with their languages.
    """
    if not waits(state) or state.register_by is None:
        return ()
    registration = plan.contracts.registration
    file = registration.file if registration else None
    return (
        RegistrationReminded(
            occurred_at=at,
            contract_id=state.contract_id,
            customer_id=state.customer_id,
            register_by=state.register_by,
            order_id=state.order_id,
            waiting=tuple(
                each.contract_id for each in together if waits(each) and each.register_by == state.register_by
            ),
            contacts=dict(contacts),
            clause=registration_clause(plan),
            subject_mark=file.subject_marks[0] if file and file.subject_marks else "",
        ),
    )


def on_device(known: Asset, contract: Contract) -> Asset:
    """The register's entry of the device with what is registered of it, and with the contract, which waits among the
    undated ones until its term begins."""
    if contract.serial is None or contract.model is None:
        raise AssertionError("a registered contract is one for a device")
    theirs = known.customer_id == contract.customer_id and known.replaced_by is None
    device = known.registered if theirs else Asset(contract.customer_id, contract.serial, bought_from_provider=True)
    if not theirs:
        device = replace(device, plan_family=contract.plan_family, installed_by="customer")
    mine = next((each for each in device.contracts if each.contract_id == contract.contract_id), None)
    others = selling.without(device, {contract.contract_id})
    return replace(
        others,
        model=contract.model,
        area=contract.area,
        remote_island=contract.remote_island,
        height_cm=contract.height_cm,
        contracts=(*others.contracts, *_dated(contract, mine)),
        undated=(*others.undated, *_undated(contract)),
    )


def _undated(contract: Contract) -> tuple[UndatedContract, ...]:
    if contract.valid_from is not None or contract.registered_at is None:
        return ()
    return (
        UndatedContract(
            contract_id=contract.contract_id,
            product=contract.product,
            plan_version=contract.plan_version,
            contact_id=contract.contact_id,
            registered_at=contract.registered_at,
            area_agreed=contract.area_agreed,
        ),
    )


def _dated(contract: Contract, known: AssetContract | None) -> tuple[AssetContract, ...]:
    if contract.valid_from is None or contract.valid_until is None:
        return ()
    return (
        AssetContract(
            contract_id=contract.contract_id,
            product=contract.product,
            valid_from=contract.valid_from,
            valid_until=contract.valid_until,
            options=known.options if known else contract.options,
            area_agreed=contract.area_agreed,
            plan_version=contract.plan_version,
            contact_id=contract.contact_id,
            registered_at=contract.registered_at,
            status="active",
            sold=True,
        ),
    )
