"""Was this contract in force then, as it was known then? Asked of a service ticket that is registered late."""

from datetime import UTC, datetime
from typing import Any

import pytest
from kippu_entitlement.testing.contracts import REGISTRATION_BODY
from kippu_entitlement.testing.desk import Desk

ORDERED = datetime(2026, 11, 18, 3, tzinfo=UTC)
REGISTERED = datetime(2026, 11, 20, 3, tzinfo=UTC)
LATER = datetime(2026, 11, 25, 3, tzinfo=UTC)
LAST_INSTANT = datetime(2027, 11, 17, 14, 59, 59, tzinfo=UTC)
"""Of 17 November 2027 in Tokyo, on which a year from 18 November 2026 ends."""
AFTER_IT = datetime(2027, 11, 17, 15, tzinfo=UTC)


async def registered(desk: Desk) -> str:
    """A year of advance send-back, ordered on the 18th and registered on the 20th of November."""
    clock: Any = desk.runtime.clock
    order = {"customer_id": "customer-1", "plan_family": "svt", "product": "advance-1y"}
    async with desk.staff() as staff:
        bought = {"device": {"bought_on": "2026-11-18"}}
        contract_id = str((await staff.post("/v1/orders", json=order | bought)).raise_for_status().json()["order_id"])
        clock.move_to(REGISTERED)
        body = REGISTRATION_BODY | {"serial": "99999999999"}
        (await staff.post(f"/v1/contracts/{contract_id}/registration", json=body)).raise_for_status()
    clock.move_to(LATER)
    await desk.settle()
    return contract_id


async def stood(desk: Desk, contract_id: str, valid_at: datetime, known_at: datetime) -> tuple[str, bool, str | None]:
    async with desk.partner() as partner:
        dates = {"valid_at": valid_at.isoformat(), "known_at": known_at.isoformat()}
        shown = (await partner.get(f"/v1/contracts/{contract_id}/standing", params=dates)).raise_for_status().json()
    return shown["status"], shown["in_force"], shown["serial"]


@pytest.mark.clause("SVT-05", "SVT-06")
async def test_it_is_in_force_from_its_registration_to_its_last_instant_as_it_is_known_now(switch_desk: Desk) -> None:
    contract_id = await registered(switch_desk)
    before = datetime(2026, 11, 19, 3, tzinfo=UTC)
    assert await stood(switch_desk, contract_id, before, LATER) == ("sold", False, None)
    assert await stood(switch_desk, contract_id, REGISTERED, LATER) == ("active", True, "99999999999")
    assert await stood(switch_desk, contract_id, LAST_INSTANT, LATER) == ("active", True, "99999999999")
    assert await stood(switch_desk, contract_id, AFTER_IT, LATER) == ("ended", False, "99999999999")


async def test_what_was_recorded_later_was_not_known(switch_desk: Desk) -> None:
    contract_id = await registered(switch_desk)
    before = datetime(2026, 11, 19, 3, tzinfo=UTC)
    assert await stood(switch_desk, contract_id, LATER, before) == ("sold", False, None)
    never = datetime(2026, 11, 17, 3, tzinfo=UTC)
    assert await stood(switch_desk, contract_id, LATER, never) == ("none", False, None)


async def test_nothing_is_told_of_the_future_or_of_anothers_contract(switch_desk: Desk) -> None:
    contract_id = await registered(switch_desk)
    path = f"/v1/contracts/{contract_id}/standing"
    async with switch_desk.partner() as partner, switch_desk.partner("customer-2") as other:
        future = await partner.get(path, params={"known_at": AFTER_IT.isoformat()})
        theirs = await other.get(path)
        none = await partner.get("/v1/contracts/O-NONE/standing")
    assert (future.status_code, future.json()["errors"][0]["code"]) == (422, "not_known_yet")
    assert (theirs.status_code, none.status_code) == (404, 404)
