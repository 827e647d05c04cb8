"""The place that a request names to ship to: sealed, numbered, changed until the unit leaves (SVT-20)."""

from typing import Any

import pytest
from kippu_events.catalogue.intake import RequestDetailsRecorded, ShipmentNoted, TicketClassified, TicketOpened
from kippu_events.catalogue.shipments import DeliveryFailed, UnitShipped
from kippu_events.catalogue.values import RequestDetails
from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.facts import Isolation
from kippu_intake.domain.ticket_state import Status, Ticket, evolve
from kippu_intake.testing import NOW, House
from kippu_privacy import Plain, Sealed
from kippu_service.testing import Caller

NUMBER = "KP-0000-0001"
REQUEST = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "plan_family": "iij-se",
    "subject": "The switch is dead",
    "category": "fault",
}
PLACE = "3 Example Street, Nagoya"
SHIPPED: dict[str, Any] = {"shipped_at": NOW, "serial": "S-2", "attempt": 1, "clause": "SVT-12", "occurred_at": NOW}
FAILED: dict[str, Any] = {"failed_at": NOW, "attempt": 1, "reason": "nobody there", "occurred_at": NOW}


def portal_of(intake: House) -> Caller:
    return Caller(intake.living.app, customers=["customer-1"], client_id="portal-1")


def faults(answer: Any) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


@pytest.mark.clause("SVT-20")
async def test_a_place_is_named_with_the_request_under_its_contacts_key(intake: House) -> None:
    async with portal_of(intake) as portal:
        opened = await portal.post("/v1/tickets", json=REQUEST | {"details": {"ship_to_address": f" {PLACE} "}})
        assert opened.status_code == 201, opened.text
        path = f"/v1/tickets/{opened.json()['ticket_no']}"
        await intake.living.settle()
        shown = await portal.get(path)
        history = await portal.get(f"{path}/history")
    [ticket] = await intake.said(TicketOpened)
    assert ticket.details == RequestDetails(ship_to="named_place", place_id=f"{ticket.ticket_no}.P1")
    assert isinstance(ticket.ship_to_address, Sealed)
    assert ticket.ship_to_address.subject == "contact-iij-contact-1"
    assert PLACE not in shown.text + history.text
    assert shown.json()["details"]["ship_to"] == "named_place"


@pytest.mark.clause("SVT-20")
async def test_another_place_is_another_number_and_nothing_of_the_first_is_known_of_it(intake: House) -> None:
    async with portal_of(intake) as portal, Caller(intake.living.app) as desk:
        named = {"ship_to_address": PLACE, "ship_to_island": False}
        opened = (await portal.post("/v1/tickets", json=REQUEST | {"details": named})).json()["ticket_no"]
        path = f"/v1/tickets/{opened}"
        assert (await portal.post(f"{path}/details", json={"ship_to_address": "4 Example Street"})).is_success
        said = {"details": {"ship_to_address": "5 Example Street"}, "category": "fault"}
        assert (await desk.post(f"{path}/classification", json=said)).is_success
        await intake.living.settle()
        shown = (await desk.get(path)).json()["details"]
        back = await portal.post(f"{path}/details", json={"ship_to": "registered_site"})
        assert back.is_success
        again = await portal.post(f"{path}/details", json={"ship_to": "named_place"})
        assert again.is_success, "the place that was named last"
    assert (shown["place_id"], shown["ship_to_island"]) == (f"{opened}.P3", None)
    first, *_ = await intake.said(RequestDetailsRecorded)
    [classified] = await intake.said(TicketClassified)
    assert (first.details.place_id, classified.details.place_id) == (f"{opened}.P2", f"{opened}.P3")


async def test_a_place_and_its_address_are_stated_together(intake: House) -> None:
    async with portal_of(intake) as portal:
        nowhere = await portal.post("/v1/tickets", json=REQUEST | {"details": {"ship_to": "named_place"}})
        assert (nowhere.status_code, faults(nowhere)) == (422, {("details.ship_to_address", "missing")})
        opened = (await portal.post("/v1/tickets", json=REQUEST)).json()["ticket_no"]
        two = {"ship_to": "registered_site", "ship_to_address": PLACE}
        refused = await portal.post(f"/v1/tickets/{opened}/details", json=two)
        assert (refused.status_code, faults(refused)) == (422, {("ship_to_address", "contradiction")})
        blank = await portal.post(f"/v1/tickets/{opened}/details", json={"ship_to_address": "  "})
        assert blank.status_code == 422
    assert await intake.said(RequestDetailsRecorded) == []


@pytest.mark.clause("SVT-20")
async def test_once_the_unit_left_another_place_is_refused_until_it_comes_back(intake: House) -> None:
    async with portal_of(intake) as portal:
        opened = (await portal.post("/v1/tickets", json=REQUEST)).json()["ticket_no"]
        about = {"shipment_id": f"{opened}.S1", "ticket_no": opened, "customer_id": "customer-1"}
        stream, path = f"shipments-iij-{opened}", f"/v1/tickets/{opened}/details"
        await intake.living.hear("dispatch", stream, UnitShipped(**about, **SHIPPED))
        await intake.living.settle()
        refused = await portal.post(path, json={"ship_to_address": PLACE})
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["code"], error["clause"]) == (409, "shipped", "SVT-12")
        assert f"{opened}.S1 has left" in error["message"]
        assert (await portal.post(path, json={"keep_part": True})).is_success, "anything else can be said"
        await intake.living.hear("dispatch", stream, DeliveryFailed(**about, **FAILED))
        await intake.living.settle()
        assert (await portal.post(path, json={"ship_to_address": PLACE})).is_success
        await intake.living.settle()
        tag = (await portal.get(f"/v1/tickets/{opened}")).headers["etag"]
        assert (await portal.post(path, json={"keep_part": False}, headers={"If-Match": tag})).is_success
    assert [each.under_way for each in await intake.said(ShipmentNoted)] == [True, False]


def test_for_another_unit_of_the_request_a_place_can_be_named() -> None:
    ticket = Ticket(status=Status.OPEN, ticket_no=NUMBER, customer_id="customer-1", received_at=NOW)
    for serial in ("S-1", "S-9"):
        for event in tickets.isolate(ticket, Isolation(serial, None, NOW), isolated_by="desk-1", now=NOW):
            ticket = evolve(ticket, event)
        if serial == "S-1":
            noted = {"ticket_no": NUMBER, "customer_id": "customer-1", "shipment_id": f"{NUMBER}.S1"}
            ticket = evolve(ticket, ShipmentNoted(occurred_at=NOW, under_way=True, **noted))
    place = Plain("contact-iij-contact-1", PLACE)
    [said] = tickets.state_details(ticket, RequestDetails(), recorded_by="portal-1", now=NOW, ship_to_address=place)
    assert isinstance(said, RequestDetailsRecorded)
    assert said.details.place_id == f"{NUMBER}.P1"
