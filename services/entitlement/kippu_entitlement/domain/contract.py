"""A contract that was ordered: sold under one version of the terms, registered where these ask for it, ended by itself.

Where its installation site is stays sealed in the events; the state holds no personal data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from kippu_events.catalogue.contracts import (
    ContractActivated,
    ContractEndAnnounced,
    ContractEnded,
    ContractRefunded,
    ContractRegistered,
    ContractRenewed,
    ContractSold,
    RegistrationChanged,
)
from kippu_events.event import Event

Status = Literal["none", "sold", "pre_registered", "active", "ended", "refunded"]
"""`sold`: nothing was registered yet, where that is needed, or it is not dated. `pre_registered`: before its device was
delivered."""


@dataclass(frozen=True, slots=True)
class Contract:
    contract_id: str = ""
    customer_id: str = ""
    plan_family: str = ""
    plan_version: str = ""
    product: str = ""
    options: tuple[str, ...] = ()
    """Those that were ordered with it."""
    order_id: str = ""
    status: Status = "none"
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day, inclusive."""
    ends_at: datetime | None = None
    needs_registration: bool = False
    register_by: date | None = None
    refundable_until: date | None = None
    renews: str | None = None
    area_agreed: bool = False
    registered_at: datetime | None = None
    serial: str | None = None
    model: str | None = None
    contact_id: str | None = None
    area: str | None = None
    remote_island: bool = False
    height_cm: int | None = None
    site_of: str | None = None
    """The contract on whose stream the address of the site stands: its own, or that of one that it renews."""
    renewed_by: tuple[str, ...] = ()
    """The renewals of it that were sold, whether they were given back or not."""

    @property
    def exists(self) -> bool:
        return self.status != "none"

    @property
    def is_over(self) -> bool:
        return self.status in ("ended", "refunded")

    def is_of(self, customer_id: str, plan_family: str) -> bool:
        """Whether it was sold to that customer, by those terms."""
        return self.exists and (self.customer_id, self.plan_family) == (customer_id, plan_family)


_REGISTERED = ("serial", "model", "contact_id", "area", "remote_island", "height_cm")
"""What is registered with a contract, the site aside."""


def evolve(state: Contract, event: Event) -> Contract:
    match event:
        case ContractSold():
            return _sold(event)
        case ContractRegistered() | RegistrationChanged():
            return _registered(state, event)
        case ContractActivated():
            dated = replace(state, valid_from=event.active_from, valid_until=event.valid_until, ends_at=event.ends_at)
            return replace(dated, status=_when_dated(dated), register_by=event.register_by or state.register_by)
        case ContractRenewed():
            return replace(state, renewed_by=(*state.renewed_by, event.renewed_by))
        case ContractEnded() | ContractRefunded():
            return replace(state, status="ended" if isinstance(event, ContractEnded) else "refunded")
        case _:
            return state


def _registered(state: Contract, event: ContractRegistered | RegistrationChanged) -> Contract:
    changed = _REGISTERED if isinstance(event, ContractRegistered) else event.changed
    now = replace(state, **{name: getattr(event, name) for name in changed if name in _REGISTERED})
    if isinstance(event, RegistrationChanged):
        return replace(now, site_of=state.contract_id) if "site" in event.changed else now
    return replace(
        now,
        registered_at=event.registered_at,
        site_of=event.site_of or state.contract_id,
        status="active" if event.active_from else "pre_registered",
    )


def _sold(event: ContractSold) -> Contract:
    sold = Contract(
        contract_id=event.contract_id,
        customer_id=event.customer_id,
        plan_family=event.plan_family,
        plan_version=event.plan_version,
        product=event.product,
        options=event.options,
        order_id=event.order_id,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        ends_at=event.ends_at,
        needs_registration=event.needs_registration,
        register_by=event.register_by,
        refundable_until=event.refundable_until,
        renews=event.renews,
        area_agreed=event.area_agreed,
        serial=event.serial,
    )
    return replace(sold, status=_when_dated(sold) if sold.valid_until else "sold")


def _when_dated(state: Contract) -> Status:
    registered = not state.needs_registration or state.registered_at is not None
    return "active" if registered else "sold"


def end(state: Contract, at: datetime) -> tuple[Event, ...]:
    """What its end at `at` comes to: nothing if it is over, or ends at another time by now."""
    if state.is_over or state.valid_until is None or state.ends_at != at:
        return ()
    return (
        ContractEnded(
            occurred_at=at, contract_id=state.contract_id, customer_id=state.customer_id, ended_on=state.valid_until
        ),
    )


def renewed(state: Contract, renewed_by: str, at: datetime) -> ContractRenewed:
    return ContractRenewed(
        occurred_at=at, contract_id=state.contract_id, customer_id=state.customer_id, renewed_by=renewed_by
    )


def announce_end(state: Contract, renewals: Sequence[Contract], at: datetime) -> tuple[Event, ...]:
    """The notice that its end is near: none if it is over, ended before, or goes on under one of its `renewals`."""
    if state.is_over or state.valid_until is None or state.ends_at is None or state.ends_at <= at:
        return ()
    if any(not renewal.is_over for renewal in renewals):
        return ()
    return (
        ContractEndAnnounced(
            occurred_at=at, contract_id=state.contract_id, customer_id=state.customer_id, valid_until=state.valid_until
        ),
    )
