"""The register corrected, and asked with two dates: was this serial covered then, as it was known then?"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.catalogue.entitlement import AssetContract, UndatedContract
from kippu_events.work import Stream, Work
from kippu_service.http import Command, Identifier, Input, Line, Query, command, not_found, query
from kippu_terms.refusal import Fault, Refused
from kippu_terms.value import StatedInstant
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement import folds, terms
from kippu_entitlement.api.assets import AssetInput
from kippu_entitlement.as_of import TwoDates, covered
from kippu_entitlement.domain import asset, correction, streams
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.preview import Explained, explained
from kippu_entitlement.registration import register as registration

router = APIRouter(tags=["assets"])


class CorrectionInput(Input):
    """What the register should have said. For a change that happens now, register the asset anew instead."""

    effective_at: StatedInstant
    """Since when it was so."""
    asset: AssetInput
    """All of it as it is right; with another serial, that unit was meant all along."""


class Corrected(BaseModel):
    serial: str
    """Under which it is registered now."""
    customer_id: str
    corrected: list[str]
    """The fields, the serial number among them where another unit was meant."""
    effective_at: datetime


class CoverageShown(Explained):
    """Whether a fault of the asset, reported and isolated at `valid_at`, was covered, as it was known at `known_at`."""

    serial: str
    customer_id: str
    valid_at: datetime
    known_at: datetime
    category: str | None
    """What the fault was taken to be: the first category of the terms that is about a device, if none was named."""
    registered: bool
    bought_on: date | None
    warranty_until: date | None
    contracts: list[AssetContract]
    undated: list[UndatedContract]
    """The contracts that waited for its delivery."""


@router.post("/v1/assets/{serial:path}/corrections", status_code=201, response_model=Corrected)
async def correct(
    serial: Line, body: CorrectionInput, command: Annotated[Command, command("assets:write", staff=True)]
) -> Response:
    """Corrects what was registered, as from an instant in the past: a wrong serial, a back-dated purchase."""
    wrong, right = asset.normalised(serial), body.asset.asset()
    actor = command.principal.actor

    async def decide(work: Work) -> dict[str, Any]:
        provider = command.provider
        stream, other = await work.load_all(
            provider,
            (folds.ASSET, streams.asset(provider, wrong)),
            (folds.ASSET, streams.asset(provider, right.serial)),
        )
        command.expect(stream)
        before = stream.state
        correction.check(before, right, other.state, body.effective_at, work.now)
        contracts = await _registrations(work, provider, before)
        unfit = await _unregistrable(work, provider, contracts, before, right)
        by_serial = await registration.register(work, provider, [right], before)
        faults = [*unfit, *(fault for found in by_serial.faults.values() for fault in found)]
        if faults:
            about = [Fault(each.code, each.message, f"asset.{each.field}", each.clause) for each in faults]
            raise Refused(*about, kind="invalid" if unfit else by_serial.kind)
        fields = correction.differences(before, other.state)
        work.record(other, correction.corrected(other.state, fields, body.effective_at, actor, work.now))
        if wrong != right.serial:
            meant = correction.corrected(before, (), body.effective_at, actor, work.now, right.serial)
            work.record(stream, meant)
        for contract in contracts:
            work.record(
                contract,
                *correction.registration_corrected(contract.state, before, right, body.effective_at, work.now),
            )
        done = Corrected(
            serial=right.serial,
            customer_id=right.customer_id,
            corrected=[*(["serial"] if wrong != right.serial else []), *fields],
            effective_at=body.effective_at,
        )
        return done.model_dump(mode="json")

    return await command.run(body, decide, location="/v1/assets/{serial}")


async def _registrations(work: Work, provider: str, device: asset.Asset) -> list[Stream[Contract]]:
    """Its contracts that name it themselves."""
    registered = [each.contract_id for each in device.contracts] + [each.contract_id for each in device.undated]
    names = [streams.contract(provider, each) for each in registered]
    opened = await work.load_all(provider, *((folds.CONTRACT, name) for name in names))
    return [each for each in opened if each.state.serial == device.serial]


async def _unregistrable(
    work: Work, provider: str, contracts: Sequence[Stream[Contract]], before: asset.Asset, right: asset.Asset
) -> list[Fault]:
    """What the terms of any of these contracts object to, once."""
    faults: list[Fault] = []
    for state in (each.state for each in contracts):
        published = (await terms.plans(work, provider, state.plan_family)).state
        plan = terms.pinned(published, state.plan_family, state.plan_version)
        faults += correction.unregistrable(plan, before, right)
    return list(dict.fromkeys(faults))


@router.get("/v1/assets/{serial:path}/coverage", response_model=CoverageShown)
async def show_coverage(
    serial: Line,
    query: Annotated[Query, query("assets:read")],
    dates: TwoDates,
    category: Annotated[Identifier | None, QueryParameter(description="A category of the terms.")] = None,
) -> Response:
    """Was this serial covered at `valid_at`, as it was known at `known_at`? Decided by the terms in force then."""
    valid_at, known_at = dates.at(query.runtime.clock.now())
    known_as = asset.normalised(serial)
    try:
        found = await covered(query, known_as, category, valid_at, known_at)
    except terms.NoTerms as error:
        raise Refused(Fault("no_terms_then", str(error), "valid_at")) from None
    except Refused as refused:
        raise not_found() if refused.kind == "not_found" else refused from None
    decision, facts = found.decision, found.decision.facts
    registered = facts.asset is not None and facts.asset.registered
    shown = CoverageShown(
        **explained(decision),
        serial=known_as,
        customer_id=found.customer_id,
        valid_at=valid_at,
        known_at=known_at,
        category=facts.request.category,
        registered=registered,
        bought_on=found.asset.bought_on if registered else None,
        warranty_until=found.asset.warranty_until if registered else None,
        contracts=list(found.asset.contracts) if registered else [],
        undated=list(found.asset.undated) if registered else [],
    )
    return query.answer(shown)
