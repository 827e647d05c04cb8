"""Corrections of the register: what it said was wrong, and is so no longer since some instant in the past.

What is right is registered as ever; the correction beside it says since when. Nothing that was decided changes by it: a
decision stands until the request is decided anew.
"""

from datetime import datetime

from kippu_events.catalogue.entitlement import AssetCorrected
from kippu_terms.facts import CALENDARS_FROM

from kippu_entitlement.domain.asset import REGISTERED, Asset
from kippu_entitlement.domain.checks import Checks, not_found


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
