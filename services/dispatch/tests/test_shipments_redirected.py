"""Where a unit goes is followed until it leaves (SVT-20); its address is opened for who packs it alone."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest
from kippu_dispatch.domain import planning, reports
from kippu_dispatch.domain.shipment import Shipments, Status
from kippu_dispatch.testing import (
    ISOLATED,
    S1,
    TICKET,
    after,
    allotted,
    at,
    decided,
    delivered,
    failed,
    needed,
    planned,
    repaired_first,
    shipped,
)
from kippu_dispatch.testing.alive import alive
from kippu_events.catalogue.contracts import ContractRegistered, RegistrationChanged
from kippu_events.catalogue.fulfilment import Destination, ShipmentNeed
from kippu_events.catalogue.intake import RequestDetailsRecorded
from kippu_events.catalogue.shipments import RedirectionTooLate, ShipmentRedirected
from kippu_events.catalogue.values import RequestDetails
from kippu_events.testing.plugin import MakeDatabase
from kippu_privacy import Plain
from kippu_service.testing import Caller
from kippu_service.testing.living import Living

SITE = Destination(kind="registered_site", contract_id="C-1", clause="SVT-20")
NAMED = Destination(kind="named_place", place_id=f"{TICKET}.P1", contract_id="C-1", clause="SVT-20")


def to(destination: Destination, need: ShipmentNeed | None = None) -> ShipmentNeed:
    return (need or needed()).model_copy(update={"destination": destination})


@pytest.mark.parametrize("given", [planned, allotted, failed])
@pytest.mark.clause("SVT-20")
def test_what_has_not_left_goes_to_the_place_named_last_with_the_unit_it_has(
    given: Callable[[ShipmentNeed], Shipments],
) -> None:
    state = given(to(SITE))
    [event] = planning.plan(state, decided(to(NAMED), 2), at(9))
    assert event == ShipmentRedirected(
        occurred_at=at(9), destination=NAMED, shipment_id=S1, ticket_no=TICKET, customer_id="customer-1"
    )
    before, now = state.find(S1), after(event, given=state).find(S1)
    assert (now.need.destination, now.serial, now.status) == (NAMED, before.serial, before.status)


def test_a_unit_at_the_makers_comes_back_to_the_place_named_meanwhile() -> None:
    state = planned(to(SITE, repaired_first()))
    state = after(reports.receive_for_repair(state, S1, "NAS-1", date(2026, 5, 8), at(8)), given=state)
    [event] = planning.plan(state, decided(to(NAMED, repaired_first()), 2), at(9))
    assert isinstance(event, ShipmentRedirected)
    assert after(event, given=state).find(S1).status is Status.IN_REPAIR


@pytest.mark.parametrize("given", [shipped, delivered])
@pytest.mark.clause("SVT-20")
def test_what_has_left_goes_where_it_was_sent_and_that_is_recorded_once(
    given: Callable[[ShipmentNeed], Shipments],
) -> None:
    state = given(to(SITE))
    [event] = planning.plan(state, decided(to(NAMED), 2), at(11))
    assert isinstance(event, RedirectionTooLate)
    state = after(event, given=state)
    assert state.find(S1).need.destination == SITE
    assert planning.plan(state, decided(to(NAMED), 3), at(12)) == []
    assert planning.plan(state, decided(to(SITE), 4), at(12)) == []


@pytest.fixture
async def dispatch(service_database: MakeDatabase) -> AsyncIterator[Living]:
    async with alive(service_database, ISOLATED) as dispatch:
        yield dispatch


def sealed(text: str) -> Plain:
    return Plain("customer-svt-customer-1", text)


async def registered(dispatch: Living, contract_id: str, address: str | None, site_of: str | None = None) -> None:
    about: dict[str, Any] = {"contract_id": contract_id, "customer_id": "customer-1", "serial": "S-1", "model": "M"}
    event = ContractRegistered(
        occurred_at=ISOLATED,
        contact_id="contact-1",
        site=sealed(address) if address else None,
        site_of=site_of,
        registered_at=ISOLATED,
        **about,
    )
    await dispatch.hear("entitlement", f"contract-svt-{contract_id}", event, provider="svt")


async def moved(dispatch: Living, contract_id: str, address: str, day: int) -> None:
    event = RegistrationChanged(
        occurred_at=dispatch.clock.now(),
        contract_id=contract_id,
        customer_id="customer-1",
        changed=("site",),
        effective_at=at(day),
        site=sealed(address),
    )
    await dispatch.hear("entitlement", f"contract-svt-{contract_id}", event, provider="svt")


async def need(dispatch: Living, destination: Destination, number: int = 1) -> None:
    await dispatch.hear("entitlement", f"case-svt-{TICKET}", decided(to(destination), number), provider="svt")
    await dispatch.settle()


def packer_of(dispatch: Living) -> Caller:
    return Caller(dispatch.app, "svt", client_id="packer-1")


async def address(caller: Caller) -> str | None:
    answer = await caller.get(f"/v1/shipments/{S1}/address")
    assert answer.status_code == 200, answer.text
    found: str | None = answer.json()["address"]
    return found


async def ship(caller: Caller, day: int) -> None:
    for path, body in (("reserve", {"serial": "SPARE-1"}), ("shipped", {"shipped_at": at(day).isoformat()})):
        (await caller.post(f"/v1/shipments/{S1}/{path}", json=body)).raise_for_status()


@pytest.mark.clause("SVT-20")
async def test_without_a_named_place_it_goes_to_the_site_as_registered_when_it_left(dispatch: Living) -> None:
    await registered(dispatch, "C-1", "1 Example Street")
    await registered(dispatch, "C-2", None, site_of="C-1")
    await need(dispatch, SITE.model_copy(update={"contract_id": "C-2"}))
    async with packer_of(dispatch) as packer:
        (await packer.post("/v1/units", json={"serial": "SPARE-1", "model": "nas-4"})).raise_for_status()
        assert await address(packer) == "1 Example Street", "of the contract that C-2 renews"
        await moved(dispatch, "C-2", "2 Example Street", day=6)
        await dispatch.settle()
        assert await address(packer) == "1 Example Street", "the change has not taken effect"
        dispatch.clock.move_to(at(7))
        assert await address(packer) == "2 Example Street"
        await ship(packer, 7)
        await moved(dispatch, "C-2", "3 Example Street", day=8)
        dispatch.clock.move_to(at(9))
        await dispatch.settle()
        assert await address(packer) == "2 Example Street", "where it was sent"


@pytest.mark.clause("SVT-20")
async def test_a_named_place_is_shown_to_who_packs_and_to_nobody_else(dispatch: Living) -> None:
    said = RequestDetailsRecorded(
        occurred_at=ISOLATED,
        ticket_no=TICKET,
        customer_id="customer-1",
        details=RequestDetails(ship_to="named_place", place_id=f"{TICKET}.P1"),
        recorded_by="portal-1",
        ship_to_address=Plain("contact-svt-contact-1", "4 Example Street"),
    )
    await need(dispatch, SITE)
    await need(dispatch, NAMED, 2)
    async with packer_of(dispatch) as packer, Caller(dispatch.app, "svt", customers=["customer-1"]) as partner:
        assert await address(packer) is None, "heard of before the address: it will be there"
        await dispatch.hear("intake", f"ticket-svt-{TICKET}", said, provider="svt")
        await dispatch.settle()
        assert await address(packer) == "4 Example Street"
        shown = await partner.get(f"/v1/shipments/{S1}")
        assert shown.json()["destination"]["kind"] == "named_place"
        assert "Example Street" not in shown.text
        assert (await partner.get(f"/v1/shipments/{S1}/address")).status_code == 403
        (await packer.post("/v1/units", json={"serial": "SPARE-1", "model": "nas-4"})).raise_for_status()
        dispatch.clock.move_to(at(7))
        await ship(packer, 7)
        await need(dispatch, NAMED.model_copy(update={"place_id": f"{TICKET}.P2"}), 3)
        late = (await packer.get(f"/v1/shipments/{S1}")).json()
        assert (late["destination"]["place_id"], late["named_too_late"]) == (f"{TICKET}.P1", True)
        await dispatch.runtime.vault.erase("svt", "contact-svt-contact-1")
        assert await address(packer) is None, "erased with the contact"


async def test_a_shipment_from_before_places_were_known_has_no_address(dispatch: Living) -> None:
    await dispatch.hear("entitlement", f"case-svt-{TICKET}", decided(needed()), provider="svt")
    await dispatch.settle()
    async with packer_of(dispatch) as packer:
        assert (await packer.get(f"/v1/shipments/{S1}")).json()["destination"] is None
        assert await address(packer) is None
