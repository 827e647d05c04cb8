"""Corrections of the register: what it said was wrong, and is so no longer since some instant in the past.

What is right is registered as ever; the correction beside it says since when. Nothing that was decided changes by it: a
decision stands until the request is decided anew.
"""

from datetime import datetime
from typing import Any

from kippu_events.catalogue.contracts import RegistrationChanged
from kippu_events.catalogue.entitlement import AssetCorrected
from kippu_terms.facts import CALENDARS_FROM
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault
from kippu_terms.registration import malformed

from kippu_entitlement.domain.asset import BY_REGISTRATION, REGISTERED, Asset
from kippu_entitlement.domain.checks import Checks, not_found
from kippu_entitlement.domain.contract import Contract


def check(state: Asset, wanted: Asset, under_new_serial: Asset, effective_at: datetime, now: datetime) -> None:
    """`under_new_serial` is what is registered under the serial wanted. Raises Refused with every fault."""
    if not state.exists:
        raise not_found("such asset")
    checks = Checks()
    checks.that(
        CALENDARS_FROM <= effective_at <= now,
        "effective_at",
        "effective_at",
        "a correction is of the past, from 2000 on",
    )
    message = f"serial {state.serial} is registered by {state.customer_id}: an owner is not corrected"
    checks.that(wanted.customer_id == state.customer_id, "another_owner", "asset.customer_id", message)
    if wanted.serial != state.serial:
        message = f"serial {wanted.serial} is registered already"
        checks.that(not under_new_serial.exists, "asset_registered", "asset.serial", message)
        message = f"serial {state.serial} took part in an exchange, which names it: it is not corrected"
        exchanged = state.replaced_by is not None or state.replaces is not None
        checks.that(not exchanged, "asset_replaced", "asset.serial", message)
    checks.done()


def differences(before: Asset, after: Asset) -> tuple[str, ...]:
    """The fields that a registration changed, beside the serial."""
    return tuple(name for name in REGISTERED if name != "serial" and getattr(before, name) != getattr(after, name))


def corrected(
    asset: Asset,
    fields: tuple[str, ...],
    effective_at: datetime,
    by: str,
    now: datetime,
    correct_serial: str | None = None,
) -> AssetCorrected:
    """With `correct_serial`, that unit was meant, and this serial was never the customer's since then."""
    return AssetCorrected(
        occurred_at=now,
        customer_id=asset.customer_id,
        serial=asset.serial,
        corrected=fields,
        effective_at=effective_at,
        correct_serial=correct_serial,
        corrected_by=by,
    )


def unregistrable(plan: Plan, before: Asset, right: Asset) -> tuple[Fault, ...]:
    """What the terms of a contract that is registered for the device object to: the correction is held to what its
    registration was held to."""
    rules = plan.contracts.registration
    if rules is None or (before.serial, before.model) == (right.serial, right.model):
        return ()
    return malformed(rules, right.serial, right.model)


def registration_corrected(
    state: Contract, before: Asset, right: Asset, effective_at: datetime, now: datetime
) -> tuple[RegistrationChanged, ...]:
    """A contract names the device that was meant, and its registration says of it what was corrected: no later change
    of it brings back what was wrong."""
    changed: dict[str, Any] = {
        name: getattr(right, name)
        for name in (("serial", *BY_REGISTRATION) if state.registered_at else ("serial",))
        if getattr(right, name) not in (getattr(before, name), getattr(state, name))
    }
    if not changed:
        return ()
    return (
        RegistrationChanged(
            occurred_at=now,
            contract_id=state.contract_id,
            customer_id=state.customer_id,
            changed=tuple(changed),
            effective_at=effective_at,
            **changed,
        ),
    )
