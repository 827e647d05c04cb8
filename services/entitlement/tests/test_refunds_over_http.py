"""Orders are given back whole, until the 24th of the month of purchase and while nothing is registered (SVT-04)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from kippu_entitlement.testing.contracts import REGISTRATION_BODY
from kippu_entitlement.testing.desk import ASSET_BODY, ORDER_BODY, Desk
from kippu_events.catalogue.contracts import ContractRefunded
from kippu_events.catalogue.entitlement import OrderRefunded

TICKET = {"customer_id": "customer-1", "plan_family": "svt", "product": "advance-1y"}
REASON = {"reason": "ordered by mistake"}


async def buy(desk: Desk) -> str:
    """A service ticket for a switch of today, which is 18 November 2026."""
    async with desk.staff() as staff:
        bought = {"bought_on": desk.world.today.isoformat()}
        order = (await staff.post("/v1/orders", json=TICKET | {"device": bought})).raise_for_status().json()
    assert order["refundable_until"] == "2026-11-24"
    return str(order["order_id"])


async def give_back(desk: Desk, order_id: str) -> Any:
    async with desk.partner() as partner:
        return await partner.post(f"/v1/orders/{order_id}/refund", json=REASON)


async def refunds(desk: Desk) -> list[str]:
    events = [envelope.event for envelope in await desk.runtime.log.read(0)]
    return [event.order_id for event in events if isinstance(event, ContractRefunded | OrderRefunded)]


@pytest.mark.clause("SVT-04")
async def test_an_order_is_given_back_on_the_24th_with_its_contract(switch_desk: Desk) -> None:
    order_id = await buy(switch_desk)
    clock: Any = switch_desk.runtime.clock
    clock.move_to(datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC))  # the last second of the 24th in Tokyo
    answer = await give_back(switch_desk, order_id)
    assert (answer.status_code, answer.json()["refunded_on"]) == (201, "2026-11-24")
    await switch_desk.settle()
    async with switch_desk.partner() as partner:
        shown = (await partner.get(f"/v1/orders/{order_id}")).json()
    assert (shown["status"], shown["refunded_on"]) == ("refunded", "2026-11-24")
    assert await refunds(switch_desk) == [order_id, order_id]
    again = await give_back(switch_desk, order_id)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "order.refunded")


@pytest.mark.clause("SVT-04")
async def test_on_the_25th_nothing_is_taken_back(switch_desk: Desk) -> None:
    order_id = await buy(switch_desk)
    clock: Any = switch_desk.runtime.clock
    clock.move_to(datetime(2026, 11, 24, 15, tzinfo=UTC))
    answer = await give_back(switch_desk, order_id)
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["code"], fault["clause"]) == (422, "order.window_closed", "SVT-04")
    assert await refunds(switch_desk) == []


@pytest.mark.clause("SVT-04")
async def test_what_is_registered_is_not_taken_back(switch_desk: Desk) -> None:
    order_id = await buy(switch_desk)
    async with switch_desk.staff() as staff:
        path = f"/v1/contracts/{order_id}/registration"
        (await staff.post(path, json=REGISTRATION_BODY | {"serial": "99999999999"})).raise_for_status()
    (fault,) = (await give_back(switch_desk, order_id)).json()["errors"]
    assert (fault["code"], fault["clause"]) == ("order.registered", "SVT-04")
    assert await refunds(switch_desk) == []


async def test_a_device_is_without_the_contract_that_was_given_back(switch_desk: Desk) -> None:
    device = ASSET_BODY | {"plan_family": "svt", "serial": "12345678911", "bought_on": "2026-11-18"}
    order = TICKET | {"asset_serial": "12345678911"}
    async with switch_desk.staff() as staff:
        (await staff.post("/v1/assets", json=device)).raise_for_status()
        kept, back = [(await staff.post("/v1/orders", json=order)).raise_for_status().json() for _ in range(2)]
    assert (await give_back(switch_desk, back["order_id"])).status_code == 201
    await switch_desk.settle()
    async with switch_desk.partner() as partner:
        shown = (await partner.get("/v1/assets/12345678911")).json()
    assert [each["contract_id"] for each in shown["contracts"]] == [kept["order_id"]]


async def test_prepaid_tickets_another_customers_order_and_no_order_are_not_taken_back(desk: Desk) -> None:
    async with desk.partner() as partner, desk.partner("customer-2") as other:
        order_id = (await partner.post("/v1/orders", json=ORDER_BODY)).json()["order_id"]
        refused = await partner.post(f"/v1/orders/{order_id}/refund", json=REASON)
        theirs = await other.post(f"/v1/orders/{order_id}/refund", json=REASON)
        none = await partner.post("/v1/orders/O-NONE/refund", json=REASON)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "order.window_closed")
    assert (theirs.status_code, none.status_code) == (404, 404)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "amount": 1}])
async def test_a_reason_is_given_and_nothing_else(desk: Desk, body: dict[str, Any]) -> None:
    async with desk.partner() as partner:
        assert (await partner.post("/v1/orders/O-1/refund", json=body)).status_code == 422


async def buy_three(desk: Desk, **changes: Any) -> list[str]:
    """Three service tickets of today in one order; answers the contracts' ids."""
    bought = {"bought_on": desk.world.today.isoformat()}
    async with desk.staff() as staff:
        order = (await staff.post("/v1/orders", json=TICKET | {"quantity": 3, "device": bought} | changes)).json()
    return [str(each) for each in order["contracts"]]


async def give_some(desk: Desk, order_id: str, *contracts: str) -> Any:
    async with desk.partner() as partner:
        return await partner.post(f"/v1/orders/{order_id}/refund", json=REASON | {"contracts": contracts})


def faults(answer: Any) -> list[tuple[str, str | None]]:
    return [(each["code"], each.get("clause")) for each in answer.json()["errors"]]


@pytest.mark.clause("SVT-04")
async def test_contracts_of_one_order_are_given_back_each_by_itself_and_once(switch_desk: Desk) -> None:
    one, two, three = await buy_three(switch_desk)
    order_id = one.removesuffix("-1")
    async with switch_desk.staff() as staff:
        path = f"/v1/contracts/{two}/registration"
        (await staff.post(path, json=REGISTRATION_BODY | {"serial": "99999999999"})).raise_for_status()
    refused = await give_back(switch_desk, order_id)
    assert (refused.status_code, faults(refused)) == (422, [("order.registered", "SVT-04")])
    assert two in refused.json()["errors"][0]["message"]
    assert await refunds(switch_desk) == []

    given = await give_some(switch_desk, order_id, one)
    line = {"line": 1, "product": "advance-1y", "quantity": 1, "contracts": [one]}
    assert (given.status_code, given.json()["lines"]) == (201, [line])
    assert given.json()["left"] == [{"product": "advance-1y", "quantity": 2}]
    again = await give_some(switch_desk, order_id, one, three)
    assert (again.status_code, faults(again)) == (409, [("contract.refunded", None)])
    unknown = await give_some(switch_desk, order_id, "O-OTHER")
    assert (unknown.status_code, faults(unknown)) == (422, [("unknown_contract", None)])

    await switch_desk.settle()
    async with switch_desk.partner() as partner:
        shown = (await partner.get(f"/v1/orders/{order_id}")).json()
        contracts = [(await partner.get(f"/v1/contracts/{each}")).json()["status"] for each in (one, two, three)]
    assert (shown["status"], shown["refunded_on"]) == ("accepted", None)
    assert shown["left"] == [{"product": "advance-1y", "quantity": 2}]
    assert [(each["number"], each["lines"]) for each in shown["refunds"]] == [(1, [line])]
    assert contracts == ["refunded", "active", "sold"]


@pytest.mark.clause("SVT-04")
async def test_with_the_last_contract_the_order_is_given_back_whole(switch_desk: Desk) -> None:
    contracts = await buy_three(switch_desk)
    order_id = contracts[0].removesuffix("-1")
    for each in contracts[1:]:
        assert (await give_some(switch_desk, order_id, each)).status_code == 201
    assert (await give_back(switch_desk, order_id)).json()["lines"][0]["contracts"] == contracts[:1]
    await switch_desk.settle()
    async with switch_desk.partner() as partner:
        shown = (await partner.get(f"/v1/orders/{order_id}")).json()
    assert (shown["status"], shown["left"], len(shown["refunds"])) == ("refunded", [], 2)


@pytest.mark.clause("SVT-04")
async def test_on_the_25th_no_contract_is_taken_back(switch_desk: Desk) -> None:
    one, *_ = await buy_three(switch_desk)
    clock: Any = switch_desk.runtime.clock
    clock.move_to(datetime(2026, 11, 24, 15, tzinfo=UTC))
    refused = await give_some(switch_desk, one.removesuffix("-1"), one)
    assert (refused.status_code, faults(refused)) == (422, [("order.window_closed", "SVT-04")])


async def test_contracts_are_named_and_not_counted(switch_desk: Desk) -> None:
    one, *_ = await buy_three(switch_desk)
    body = REASON | {"lines": [{"product": "advance-1y", "quantity": 1}]}
    async with switch_desk.partner() as partner:
        refused = await partner.post(f"/v1/orders/{one.removesuffix('-1')}/refund", json=body)
    assert (refused.status_code, faults(refused)) == (422, [("name_contracts", None)])
