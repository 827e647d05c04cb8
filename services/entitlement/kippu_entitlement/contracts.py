"""Contracts inside a unit of work: what a registration, a change or a delivery needs to know, and what it records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from kippu_events.work import Stream, Work
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused
from kippu_terms.registration import faults_of

from kippu_entitlement import folds, terms
from kippu_entitlement.domain import asset, registering, selling, streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.checks import not_found
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.documents import documents_of
from kippu_entitlement.domain.order import Order
from kippu_entitlement.domain.registering import Registration, Site

MAX_REPLACEMENTS = 50
"""How many exchanges of one device are followed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A contract with the terms that it was sold under."""

    stream: Stream[Contract]
    plan: Plan

    @property
    def state(self) -> Contract:
        return self.stream.state


async def opened(work: Work, provider: str, contract_id: str) -> Opened:
    """Raises Refused (not found) for a contract that was never sold."""
    stream: Stream[Contract] = await work.load(folds.CONTRACT, provider, streams.contract(provider, contract_id))
    if not stream.state.exists:
        raise not_found("such contract")
    published = (await terms.plans(work, provider, stream.state.plan_family)).state
    return Opened(stream, terms.pinned(published, stream.state.plan_family, stream.state.plan_version))


async def register(work: Work, contract: Opened, stated: Registration) -> Contract:
    """Registers the contract, and the device that it is for. Raises Refused with everything that is wrong."""
    state = contract.state
    rules = registering.terms_of(contract.plan)
    registering.require_running(state)
    renewed, device = await _renewed(work, contract)
    wanted = registering.completed(stated, rules, renewed, device)
    missing = faults_of(rules, wanted.stated)
    unfit = await _unfit(work, contract, wanted)
    if missing or unfit:
        raise Refused(*missing, *unfit, kind="invalid" if missing else "conflict")
    registered = registering.register(state, wanted, work.now)
    work.record(contract.stream, *registered)
    await _put(work, contract, await _device(work, contract, wanted.serial or ""))
    if registered:
        await issue_documents(work, contract.stream, contract.plan, "registered")
    return contract.state


@dataclass(slots=True)
class Registered:
    """What came of several registrations, by contract. With any fault, nothing may be recorded."""

    new: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    faults: dict[str, tuple[Fault, ...]] = field(default_factory=dict)


async def register_all(
    work: Work, provider: str, stated: Mapping[str, Callable[[str], Registration]], theirs: Callable[[str], None]
) -> Registered:
    """Registers each contract. `stated` says what a contract's registration is, for its customer; `theirs` raises
    Refused for a customer who is none of the caller's."""
    done = Registered()
    await work.load_all(provider, *((folds.CONTRACT, streams.contract(provider, each)) for each in stated))
    for contract_id, registration in stated.items():
        try:
            contract = await opened(work, provider, contract_id)
            theirs(contract.state.customer_id)
            known = contract.state.registered_at is not None
            await register(work, contract, registration(contract.state.customer_id))
            (done.unchanged if known else done.new).append(contract_id)
        except Refused as refused:
            done.faults[contract_id] = refused.faults
    return done


async def _unfit(work: Work, contract: Opened, wanted: Registration) -> list[Fault]:
    """What does not fit the register: another customer's contact or device, a device that was replaced, or one that
    the contract was not sold for."""
    state = contract.state
    faults = await _contact_faults(work, contract, wanted.contact_id) if wanted.contact_id else []
    if wanted.serial:
        device = await _device(work, contract, wanted.serial)
        faults += asset.objections(device.state, Asset(state.customer_id, wanted.serial))
        sold_for = (await _in_place(work, contract, state.serial or wanted.serial)).state.serial
        faults += registering.not_sold_for(state, contract.plan, device.state, wanted.serial, sold_for)
    return faults


async def change(work: Work, contract: Opened, contact_id: str | None, site: Site | None) -> tuple[str, ...]:
    """Records what changed; the device's entry follows at once, or when the change takes effect (a deadline)."""
    faults = await _contact_faults(work, contract, contact_id) if contact_id else []
    if faults:
        raise Refused(*faults, kind="conflict")
    changes = registering.change(contract.state, contract.plan, contact_id, site, work.now)
    work.record(contract.stream, *changes)
    if changes and changes[0].effective_at <= work.now:
        await put_on_device(work, contract)
    return changes[0].changed if changes else ()


async def activate(work: Work, contract: Opened, delivered_on: date) -> Contract:
    """The term begins with the delivery; from then on the device, if it is registered, is covered, whenever that is
    reported."""
    activated = registering.activate(contract.state, contract.plan, delivered_on, work.now)
    work.record(contract.stream, *activated)
    if activated:
        await issue_documents(work, contract.stream, contract.plan, "dated")
    if contract.state.registered_at is not None:
        device = await _in_place(work, contract, contract.state.serial or "")
        await _put(work, contract, device)
        if activated:
            actor = work.cause.actor
            began = registering.began(device.state, contract.state, contract.plan, delivered_on, actor, work.now)
            work.record(device, *began)
    return contract.state


async def correct_delivery(work: Work, contract: Opened, delivered_on: date) -> Contract:
    """The term begins with a delivery on another day than was reported, and so does what the device was covered by."""
    before, provider = contract.state.valid_from, contract.stream.provider
    names = (streams.contract(provider, each) for each in contract.state.renewed_by)
    renewals = [each.state for each in await work.load_all(provider, *((folds.CONTRACT, name) for name in names))]
    corrected = registering.correct_delivery(contract.state, contract.plan, renewals, delivered_on, work.now)
    work.record(contract.stream, *corrected)
    if not corrected or before is None:
        return contract.state
    await issue_documents(work, contract.stream, contract.plan, "dated")
    if contract.state.registered_at is not None:
        device = await _in_place(work, contract, contract.state.serial or "")
        await _put(work, contract, device)
        first, actor = min(before, delivered_on), work.cause.actor
        work.record(device, *registering.began(device.state, contract.state, contract.plan, first, actor, work.now))
    return contract.state


async def remind(work: Work, contract: Opened, at: datetime) -> None:
    """That it, and what was bought with it, should be registered by now; told to who bought it (SVT-09)."""
    state, provider = contract.state, contract.stream.provider
    if not registering.waits(state):
        return
    bought: Order = (await work.load(folds.ORDER, provider, streams.order(provider, state.order_id))).state
    ids = tuple(selling.contracts_of(bought, contract.plan)) or (state.contract_id,)
    together = await work.load_all(provider, *((folds.CONTRACT, streams.contract(provider, each)) for each in ids))
    contacts = await buyers(work, provider, bought.contact_id, state.customer_id)
    reminded = registering.remind(state, contract.plan, [each.state for each in together], contacts, at)
    work.record(contract.stream, *reminded)


async def buyers(work: Work, provider: str, contact_id: str | None, customer_id: str) -> dict[str, str]:
    """Who is told about what was bought, by contact id, with the language that each reads: who ordered it, or, where
    the order names nobody, the customer's contacts."""
    customer = (await work.load(folds.CUSTOMER, provider, streams.customer(provider, customer_id))).state
    ids = (contact_id,) if contact_id else customer.contacts
    known = await work.load_all(provider, *((folds.CONTACT, streams.contact(provider, each)) for each in ids))
    return {contact_id: each.state.language for contact_id, each in zip(ids, known, strict=True)}


async def issue_documents(
    work: Work, contract: Stream[Contract], plan: Plan, made_when: Literal["dated", "registered"]
) -> None:
    """In the language of the maintenance contact, or, before there is one, of the customer."""
    language = await _language(work, contract.provider, contract.state)
    work.record(contract, *documents_of(contract.state, plan, made_when, language, work.now))


async def _language(work: Work, provider: str, state: Contract) -> str:
    if state.contact_id is not None:
        return (await work.load(folds.CONTACT, provider, streams.contact(provider, state.contact_id))).state.language
    return (await work.load(folds.CUSTOMER, provider, streams.customer(provider, state.customer_id))).state.language


async def put_on_device(work: Work, contract: Opened) -> None:
    """The entry of the contract's device, or of the one that took its place, becomes as the contract has it."""
    await _put(work, contract, await _in_place(work, contract, contract.state.serial or ""))


async def _put(work: Work, contract: Opened, device: Stream[Asset]) -> None:
    wanted = registering.on_device(device.state, contract.state)
    work.record(device, *asset.register(device.state, wanted, work.now))


async def _renewed(work: Work, contract: Opened) -> tuple[Contract | None, str]:
    """The customer's contract that this one renews, and the serial number of its device as it is now."""
    if contract.state.renews is None:
        return None, ""
    name = streams.contract(contract.stream.provider, contract.state.renews)
    renewed: Contract = (await work.load(folds.CONTRACT, contract.stream.provider, name)).state
    if not renewed.is_of(contract.state.customer_id, contract.state.plan_family) or renewed.serial is None:
        return None, ""
    return renewed, (await _in_place(work, contract, renewed.serial)).state.serial or renewed.serial


async def _device(work: Work, contract: Opened, serial: str) -> Stream[Asset]:
    provider = contract.stream.provider
    return await work.load(folds.ASSET, provider, streams.asset(provider, serial))


async def _in_place(work: Work, contract: Opened, serial: str) -> Stream[Asset]:
    """The device of that serial number, or the one that took its place since."""
    device = await _device(work, contract, serial)
    for _ in range(MAX_REPLACEMENTS):
        if device.state.replaced_by is None:
            break
        device = await _device(work, contract, device.state.replaced_by.serial)
    return device


async def _contact_faults(work: Work, contract: Opened, contact_id: str) -> list[Fault]:
    provider, customer_id = contract.stream.provider, contract.state.customer_id
    known = (await work.load(folds.CONTACT, provider, streams.contact(provider, contact_id))).state
    if known.customer_id == customer_id:
        return []
    return [Fault("unknown_contact", f"{customer_id} has no contact {contact_id}", "contact_id")]
