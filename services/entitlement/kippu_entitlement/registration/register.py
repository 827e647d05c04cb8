"""Puts assets into the register, all of them in one append, or says what is wrong with each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from kippu_events.catalogue.entitlement import AssetContract
from kippu_events.work import Fold, Work
from kippu_terms.refusal import Fault

from kippu_entitlement import folds, terms
from kippu_entitlement.domain import asset, contracts, streams
from kippu_entitlement.domain.asset import Asset


@dataclass(slots=True)
class Registered:
    """What came of it, by serial. With any fault, nothing is registered."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    kind: Literal["invalid", "conflict"] = "conflict"
    """`invalid` if any fault lies in what is said, not only in how the register stands."""


_UNSTATED = ("plan_version", "registered_at", "status", "sold")
"""Of a device's contract: what follows from its sale and its own registration."""


async def register(work: Work, provider: str, wanted: Sequence[Asset], meant: Asset | None = None) -> Registered:
    """`wanted` names each serial once. What is registered with the same facts already stays as it is.

    `meant` is given for a correction: what is known of it, maybe under another serial, which was wrong.
    """
    books = await _Books.opened(work, provider, wanted)
    corrects = meant is not None
    meant = meant or Asset()
    wanted = [books.pinned(each, meant) for each in wanted]
    done = Registered()
    for each in wanted:
        known = books.asset(each.serial)
        said = [*asset.faults_of(each), *books.faults_of(each)]
        sold = dict.fromkeys(
            fault
            for rule in (asset.sold_under_other_terms, asset.otherwise_than_sold)
            for before in (known, meant)
            for fault in rule(before, each)
        )
        changed = () if corrects else books.changed_beside_contracts(each)
        faults = [*said, *asset.objections(known, each), *sold, *changed]
        if faults:
            done.faults[each.serial] = faults
        if said:
            done.kind = "invalid"
    if not done.faults:
        for each in wanted:
            await _put(work, provider, each, done)
    return done


async def _put(work: Work, provider: str, wanted: Asset, done: Registered) -> None:
    stream = await work.load(folds.ASSET, provider, streams.asset(provider, wanted.serial))
    existed = stream.state.exists
    events = asset.register(stream.state, wanted, work.now)
    work.record(stream, *events)
    (done.unchanged if not events else done.changed if existed else done.new).append(wanted.serial)


@dataclass(frozen=True)
class _Books:
    """Everything that the registrations refer to, loaded in one round trip."""

    work: Work
    states: Mapping[str, Any]
    provider: str
    wanted: Mapping[str, Asset]

    @classmethod
    async def opened(cls, work: Work, provider: str, wanted: Sequence[Asset]) -> "_Books":
        names: dict[str, Fold[Any]] = {}
        for each in wanted:
            names[streams.customer(provider, each.customer_id)] = folds.CUSTOMER
            names[streams.plan(provider, each.plan_family)] = folds.PLANS
            names[streams.asset(provider, each.serial)] = folds.ASSET
            for contact_id in _contacts(each):
                names[streams.contact(provider, contact_id)] = folds.CONTACT
            if each.part_of is not None:
                names[streams.asset(provider, each.part_of)] = folds.ASSET
        loaded = await work.load_all(provider, *((fold, name) for name, fold in names.items()))
        states = {stream.name: stream.state for stream in loaded}
        return cls(work, states, provider, {each.serial: each for each in wanted})

    def asset(self, serial: str) -> Asset:
        known: Asset = self.states[streams.asset(self.provider, serial)]
        return known

    def pinned(self, wanted: Asset, meant: Asset) -> Asset:
        """With what is known of each contract and nobody states here: the version of the terms that it was sold under,
        and its registration. A new one was sold under the version in force when it began, or today if that is still to
        come (our reading: by then it was sold). What orders sold stays, dated or waiting for a delivery, whether it is
        stated or not."""
        state = self.asset(wanted.serial)
        mine = state if state.customer_id == wanted.customer_id else Asset()
        known = {each.contract_id: each for each in (*meant.contracts, *mine.contracts)}
        waiting = {each.contract_id: each for each in (*meant.undated, *mine.undated)}
        published = self.states[streams.plan(self.provider, wanted.plan_family)]

        def unstated(contract: AssetContract) -> dict[str, Any]:
            if (before := known.get(contract.contract_id)) is not None:
                contact = before.contact_id if before.registered_at else None
                kept = {name: getattr(before, name) for name in _UNSTATED}
                if before.sold:
                    kept["options"] = contract.options or before.options
                    kept["area_agreed"] = contract.area_agreed or before.area_agreed
                return {**kept, "contact_id": contract.contact_id or contact}
            return {"plan_version": terms.version_sold(published, contract.valid_from, self.work.now)}

        pinned = tuple(each.model_copy(update=unstated(each)) for each in wanted.contracts)
        stated = {each.contract_id for each in pinned}
        sold = tuple(each for each in known.values() if each.sold and each.contract_id not in stated)
        # Those that are stated come first: a fault names a contract by its place among them.
        pinned_all = replace(wanted, contracts=(*pinned, *sold), undated=tuple(waiting.values()))
        by_contract = bool(mine.undated) or any(each.sold and each.registered_at for each in mine.contracts)
        if wanted.height_cm is None and by_contract and not meant.exists:
            # A sheet has no column for it: not stated, it is as the contract has it.
            return replace(pinned_all, height_cm=mine.height_cm)
        return pinned_all

    def faults_of(self, wanted: Asset) -> Iterator[Fault]:
        """What it refers to that there is not, or not yet: its purchase is on record once it was made."""
        if not self.states[streams.customer(self.provider, wanted.customer_id)].exists:
            yield Fault("unknown_customer", f"there is no customer {wanted.customer_id}", "customer_id")
        published = self.states[streams.plan(self.provider, wanted.plan_family)]
        if not published.exists:
            yield Fault("unknown_plan", f"no terms of {wanted.plan_family} are published", "plan_family")
        else:
            if wanted.contracts:
                yield from contracts.faults_of(wanted.contracts, terms.every_version(published))
            if wanted.bought_on is not None and wanted.bought_on > terms.today(published, self.work.now):
                yield Fault("in_future", "a purchase that is still to come cannot be registered", "bought_on")
        for place, contract in enumerate(wanted.contracts):
            named = contract.contact_id
            # Whom nobody states here is known from the contract's own registration.
            contact = self.states.get(streams.contact(self.provider, named)) if named else None
            if contact is not None and contact.customer_id != wanted.customer_id:
                yield Fault("unknown_contact", f"this customer has no contact {named}", f"contracts.{place}.contact_id")
        if wanted.part_of is not None and not self._is_a_unit_of(wanted, wanted.part_of):
            message = f"there is no unit {wanted.part_of} of this customer under these terms that it could be a part of"
            yield Fault("unknown_unit", message, "part_of")

    def changed_beside_contracts(self, wanted: Asset) -> Iterator[Fault]:
        """What of it only a change of its contracts' registration, or a correction, changes."""
        published = self.states[streams.plan(self.provider, wanted.plan_family)]
        if published.exists:
            today = terms.today(published, self.work.now)
            yield from asset.registered_with_contracts(self.asset(wanted.serial), wanted, today)

    def _is_a_unit_of(self, part: Asset, serial: str) -> bool:
        """A unit that is registered, or is to be by the same file. A part has no parts of its own."""
        unit = self.wanted.get(serial) or self.asset(serial)
        owner = (unit.customer_id, unit.plan_family)
        return unit.exists and owner == (part.customer_id, part.plan_family) and unit.part_of is None


def _contacts(wanted: Asset) -> set[str]:
    """Whom its contracts name."""
    return {contract.contact_id for contract in wanted.contracts if contract.contact_id}
