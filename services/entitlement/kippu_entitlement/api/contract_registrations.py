"""Registering contracts, and what changes about that (SVT-06 to SVT-11); the delivery that a bundle begins with."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_service.http import Command, Identifier, Input, Line, command
from kippu_terms.orders.facts import Day
from kippu_terms.refusal import Fault, Refused
from kippu_terms.value import Flag, Integer
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from kippu_entitlement import contracts
from kippu_entitlement.domain.asset import HIGHEST_CM
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.registering import Registration, Site

router = APIRouter(tags=["contracts"])

Address = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Area = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]


class SiteInput(Input):
    """Where the device is installed."""

    address: Address
    area: Area | None = None
    """By the plan's areas, such as `tokyo`."""
    remote_island: Flag = False
    height_cm: Annotated[Integer, Field(ge=0, le=HIGHEST_CM)] | None = None
    """At what height it is installed, in whole centimetres, rounded down."""

    def site(self, provider: str, customer_id: str) -> Site:
        address = Plain(f"customer-{provider}-{customer_id}", self.address.strip())
        return Site(address, self.area, self.remote_island, self.height_cm)


class RegistrationInput(Input):
    """What a renewal does not state is that of the contract that it renews. Serial number and model go together."""

    consent: Flag = False
    """To the terms."""
    serial: Line | None = None
    """Full-width digits and letters, small letters and blanks are normalised."""
    model: Line | None = None
    contact_id: Identifier | None = None
    """The maintenance contact: one of the customer's contacts."""
    site: SiteInput | None = None

    def registration(self, provider: str, customer_id: str) -> Registration:
        return Registration(
            consent=self.consent,
            serial=self.serial,
            model=self.model,
            contact_id=self.contact_id,
            site=self.site.site(provider, customer_id) if self.site else None,
        )


class ChangeInput(Input):
    """What is left out stays."""

    contact_id: Identifier | None = None
    site: SiteInput | None = None


class DeliveryInput(Input):
    delivered_on: Day
    """Not later than today."""


class RegistrationRef(BaseModel):
    contract_id: str
    customer_id: str
    serial: str | None
    status: Literal["pre_registered", "active"]
    """`pre_registered`: its device was not delivered yet."""
    registered_at: datetime
    valid_from: date | None
    valid_until: date | None


class ChangeRef(BaseModel):
    contract_id: str
    changed: list[str]
    """Empty where everything is as it was."""


class TermRef(BaseModel):
    contract_id: str
    valid_from: date
    valid_until: date


@router.post("/v1/contracts/{contract_id}/registration", status_code=201, response_model=RegistrationRef)
async def register(
    contract_id: Line, body: RegistrationInput, command: Annotated[Command, command("contracts:write")]
) -> Response:
    """Registers a contract for its device: every fault is named at once, and nothing is served before this is done.

    Registered with the same facts already, it stays as it is.
    """

    async def decide(work: Work) -> dict[str, Any]:
        opened = await _theirs(work, command, contract_id)
        command.expect(opened.stream)
        stated = body.registration(command.provider, opened.state.customer_id)
        return registered(await contracts.register(work, opened, stated))

    return await command.run(body, decide, location="/v1/contracts/{contract_id}")


def registered(state: Contract) -> dict[str, Any]:
    fields = {name: getattr(state, name) for name in RegistrationRef.model_fields}
    return RegistrationRef.model_validate(fields).model_dump(mode="json")


@router.post("/v1/contracts/{contract_id}/registration/changes", response_model=ChangeRef)
async def change(
    contract_id: Line, body: ChangeInput, command: Annotated[Command, command("contracts:write")]
) -> Response:
    """Reports a change of the maintenance contact or of the site. Visits go to the new site from when it takes effect:
    at once, or when the desk opens that takes changes."""

    async def decide(work: Work) -> dict[str, Any]:
        opened = await _theirs(work, command, contract_id)
        command.expect(opened.stream)
        site = body.site.site(command.provider, opened.state.customer_id) if body.site else None
        changed = await contracts.change(work, opened, body.contact_id, site)
        return {"contract_id": contract_id, "changed": list(changed)}

    return await command.run(body, decide, status=200)


@router.post("/v1/contracts/{contract_id}/delivery", response_model=TermRef)
async def deliver(
    contract_id: Line, body: DeliveryInput, command: Annotated[Command, command("contracts:write", staff=True)]
) -> Response:
    """Says when the device was delivered that the contract was sold with: its term runs from that day on."""
    return await _delivered(contract_id, body, command, contracts.activate)


@router.post("/v1/contracts/{contract_id}/delivery/corrections", response_model=TermRef)
async def correct_delivery(
    contract_id: Line, body: DeliveryInput, command: Annotated[Command, command("contracts:write", staff=True)]
) -> Response:
    """Says on which day the device was delivered, where another was reported: the term runs from that day on. What was
    decided by the wrong one stands until it is decided anew."""
    return await _delivered(contract_id, body, command, contracts.correct_delivery)


async def _delivered(
    contract_id: str,
    body: DeliveryInput,
    command: Command,
    record: Callable[[Work, contracts.Opened, date], Awaitable[Contract]],
) -> Response:
    async def decide(work: Work) -> dict[str, Any]:
        opened = await _theirs(work, command, contract_id)
        command.expect(opened.stream)
        if body.delivered_on > opened.plan.calendar.local_date(work.now):
            raise Refused(Fault("delivery_to_come", "a delivery is reported once it has happened", "delivered_on"))
        state = await record(work, opened, body.delivered_on)
        fields = {name: getattr(state, name) for name in TermRef.model_fields}
        return TermRef.model_validate(fields).model_dump(mode="json")

    return await command.run(body, decide, status=200)


async def _theirs(work: Work, command: Command, contract_id: str) -> contracts.Opened:
    opened = await contracts.opened(work, command.provider, contract_id)
    command.principal.require_customer(opened.state.customer_id)
    return opened
