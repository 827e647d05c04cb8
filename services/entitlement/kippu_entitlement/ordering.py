"""Taking an order: the facts come from the register, the terms decide, and what is sold comes into being with it.

Shared by the API, the accepted quote, and the payment.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from kippu_events.catalogue.contracts import ContractSold
from kippu_events.catalogue.entitlement import RefundedLine
from kippu_events.catalogue.values import Channel, InvoiceMail, Price
from kippu_events.work import Stream, Work
from kippu_terms.contracts import needs_registration
from kippu_terms.facts import Instant
from kippu_terms.orders.facts import HeldContract, OrderedAsset, OrderFacts, Reason
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement import folds, licences
from kippu_entitlement.contracts import buyers, issue_documents
from kippu_entitlement.domain import contract, order, refunding, selling, streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.order import Order, OrderTerms, Place
from kippu_entitlement.domain.refunding import Asked
from kippu_entitlement.requests import MAX_EXCHANGES


@dataclass(frozen=True, slots=True)
class Said:
    """What the order says beside what is ordered."""

    channel: Channel | None = None
    device: OrderedAsset | None = None
    """The device, where it is not in the register."""
    failed_at: Instant | None = None
    reason: Reason | None = None
    agreed: bool = False
    quoted: bool = False
    """True for the order of an accepted quote."""
    appointment_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    order: Stream[Order]
    terms: OrderTerms
    contracts: tuple[ContractSold, ...]


async def place(
    work: Work, provider: str, plan: Plan, wanted: Place, said: Said, language: str, offered: Price | None = None
) -> Placed:
    """Records an accepted order, and what is sold with it. Raises Refused with every rule that it breaks."""
    renewed = await _renewed(work, provider, wanted)
    if wanted.asset_serial is None and renewed is not None and renewed.serial is not None:
        wanted = replace(wanted, asset_serial=await _in_place(work, provider, renewed.serial))
    device = await _device(work, provider, wanted.asset_serial)
    _require_theirs(wanted, device)
    held = _held(plan, device.state if device else None, renewed, await _goes_on_as(work, provider, renewed))
    facts = _facts_of(provider, wanted, said, device.state if device else None, held)
    facts = await licences.with_licence(work, plan, wanted.customer_id, facts)
    agreed = order.terms_of(plan, facts, language, offered)
    stream = await work.load(folds.ORDER, provider, streams.order(provider, wanted.order_id))
    agreed = replace(agreed, contacts=await buyers(work, provider, wanted.contact_id, wanted.customer_id))
    if (mailed := plan.commercial.invoice_mail) is not None:
        agreed = replace(agreed, invoice_mail=InvoiceMail(clause=mailed.clause, contacts=agreed.contacts))
    work.record(stream, *order.accept(stream.state, wanted, agreed, work.now))
    contracts = await _sell(work, stream, plan, device, when="order", on=wanted.requested_on)
    return Placed(stream, agreed, contracts)


async def paid(work: Work, bought: Stream[Order], plan: Plan, paid_on: date) -> None:
    """What comes into being with the payment. A device that is not theirs any more gets no contract."""
    serial = bought.state.asset_serial
    device = await _device(work, bought.provider, serial)
    if device is not None and not _is_theirs(bought.state.customer_id, bought.state.plan_family, device.state):
        device = None
    await _sell(work, bought, plan, device, when="payment", on=paid_on)
    await licences.paid(work, bought, plan, paid_on)


async def _sell(
    work: Work,
    bought: Stream[Order],
    plan: Plan,
    device: Stream[Asset] | None,
    *,
    when: Literal["order", "payment"],
    on: date,
) -> tuple[ContractSold, ...]:
    state = device.state if device else None
    contracts = selling.sold(bought.state, plan, state, when=when, on=on, now=work.now)
    names = [(folds.CONTRACT, streams.contract(bought.provider, each.contract_id)) for each in contracts]
    for stream, each in zip(await work.load_all(bought.provider, *names), contracts, strict=True):
        work.record(stream, each)
        if each.renews is not None:
            await _mark_renewed(work, bought.provider, each, each.renews)
        if each.valid_until is not None:
            await issue_documents(work, stream, plan, "dated")
    if device is not None and state is not None:
        now_on_it = selling.covered(state, contracts)
        if when == "order":
            now_on_it = selling.with_options(now_on_it, bought.state, plan, on)
        work.record(device, *selling.recorded(state, now_on_it, work.now))
    return contracts


async def _mark_renewed(work: Work, provider: str, renewal: ContractSold, contract_id: str) -> None:
    """Nothing for one that was never ordered here, but stands on its device alone, whoever has one of that number."""
    renewed = await work.load(folds.CONTRACT, provider, streams.contract(provider, contract_id))
    if renewed.state.is_of(renewal.customer_id, renewal.plan_family):
        work.record(renewed, contract.renewed(renewed.state, renewal.contract_id, work.now))


@dataclass(frozen=True, slots=True)
class GivenBack:
    on: date
    lines: tuple[RefundedLine, ...]


async def give_back(work: Work, bought: Stream[Order], plan: Plan, asked: Asked, reason: str) -> GivenBack:
    """Records what of the order was given back, and on which local date. Raises Refused with all objections."""
    provider, state, today = bought.provider, bought.state, plan.calendar.local_date(work.now)
    lines = refunding.wanted(state, plan, asked)
    names = [(folds.CONTRACT, streams.contract(provider, each)) for part in lines for each in part.contracts]
    contracts = [stream for stream in await work.load_all(provider, *names) if stream.exists]
    wallet_id = streams.wallet_id(state.customer_id, state.plan_family)
    wallet = await work.load(folds.WALLET, provider, streams.wallet(provider, wallet_id))
    known = {stream.state.contract_id: stream.state for stream in contracts}
    refunding.check(state, lines, known, plan, wallet.state, today)
    work.record(wallet, *refunding.revoked(state, lines, wallet.state, work.now))
    work.record(bought, refunding.recorded(state, lines, today, reason, work.now))
    for stream in contracts:
        work.record(stream, refunding.given_back(stream.state, reason, work.now))
    device = await _device(work, provider, state.asset_serial)
    if device is not None and _is_theirs(state.customer_id, state.plan_family, device.state):
        left = selling.without(device.state, {stream.state.contract_id for stream in contracts})
        work.record(device, *selling.recorded(device.state, left, work.now))
    return GivenBack(today, lines)


async def _device(work: Work, provider: str, serial: str | None) -> Stream[Asset] | None:
    return await work.load(folds.ASSET, provider, streams.asset(provider, serial)) if serial else None


async def _in_place(work: Work, provider: str, serial: str) -> str:
    """The unit that is there now, where the one of that serial was replaced."""
    for _ in range(MAX_EXCHANGES):
        unit = (await work.load(folds.ASSET, provider, streams.asset(provider, serial))).state
        if unit.replaced_by is None:
            break
        serial = unit.replaced_by.serial
    return serial


async def _renewed(work: Work, provider: str, wanted: Place) -> Contract | None:
    """The contract that is renewed, if it is one of theirs that was ordered."""
    if wanted.renews is None:
        return None
    found = (await work.load(folds.CONTRACT, provider, streams.contract(provider, wanted.renews))).state
    return found if found.is_of(wanted.customer_id, wanted.plan_family) else None


async def _goes_on_as(work: Work, provider: str, renewed: Contract | None) -> str | None:
    """The renewal of it that was sold, unless it was given back."""
    names = [(folds.CONTRACT, streams.contract(provider, each)) for each in (renewed.renewed_by if renewed else ())]
    renewals = [stream.state for stream in await work.load_all(provider, *names)]
    return next((each.contract_id for each in renewals if not each.is_over), None)


def _is_theirs(customer_id: str, plan_family: str, device: Asset) -> bool:
    return (device.customer_id, device.plan_family) == (customer_id, plan_family) and device.replaced_by is None


def _require_theirs(wanted: Place, device: Stream[Asset] | None) -> None:
    """Another's device is, to this customer, one that is not in the register."""
    if device is not None and not _is_theirs(wanted.customer_id, wanted.plan_family, device.state):
        message = f"there is no device {wanted.asset_serial} of {wanted.customer_id} under {wanted.plan_family}"
        raise Refused(Fault("unknown_asset", message, "asset_serial"))


def _facts_of(
    provider: str, wanted: Place, said: Said, device: Asset | None, held: tuple[HeldContract, ...]
) -> OrderFacts:
    stated: dict[str, Any] = {"failed_at": said.failed_at} if said.failed_at else {}
    asset = selling.ordered(device) or said.device or (OrderedAsset() if stated else None)
    return OrderFacts(
        provider=provider,
        product=wanted.product,
        quantity=wanted.quantity,
        ordered_on=wanted.requested_on,
        channel=said.channel.value if said.channel else None,
        asset=asset.model_copy(update=stated) if asset else None,
        held=held,
        together=tuple(line.model_dump() for line in wanted.together),
        renews=wanted.renews,
        wanted_delivery_on=wanted.wanted_delivery_on,
        appointment_at=said.appointment_at,
        reason=said.reason,
        agreed=said.agreed,
        quoted=said.quoted,
    )


def _held(
    plan: Plan, device: Asset | None, renewed: Contract | None, renewed_by: str | None
) -> tuple[HeldContract, ...]:
    """The contracts of the device, and the one that is renewed, with the renewal that it has already."""
    held = {
        each.contract_id: HeldContract(
            contract_id=each.contract_id,
            product=each.product,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            registered=each.registered_at is not None or not needs_registration(plan, each.product),
        )
        for each in (device.contracts if device else ())
    }
    if renewed is not None and renewed.valid_from and renewed.valid_until:
        held[renewed.contract_id] = HeldContract(
            contract_id=renewed.contract_id,
            product=renewed.product,
            valid_from=renewed.valid_from,
            valid_until=renewed.valid_until,
            registered=renewed.registered_at is not None or not renewed.needs_registration,
            renewed_by=renewed_by,
        )
    return tuple(held.values())
