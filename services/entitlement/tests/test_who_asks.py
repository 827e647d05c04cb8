"""Given contracts that name whom they let ask, when somebody asks, then the facts say whether it was that person."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from kippu_entitlement.domain import coverage
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.case import Case, Request
from kippu_entitlement.testing import CUSTOMER
from kippu_entitlement.testing.desk import ASSET_BODY, Desk
from kippu_events.catalogue.entitlement import AssetContract
from kippu_events.catalogue.values import RequestDetails

NOW = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
CONTRACT = AssetContract(
    contract_id="C-1",
    product="advance-send-back",
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
    contact_id="contact-1",
)
UNIT = Asset(customer_id=CUSTOMER, serial="NAS-1", plan_family="qnp", contracts=(CONTRACT,))
REQUEST = Request(
    customer_id=CUSTOMER,
    contact_id="contact-1",
    plan_family="qnp",
    channel="mail",
    received_at=NOW,
    category="fault",
    asset_serial="NAS-1",
    wanted_at=None,
    wanted_minutes=None,
)


def asked_by(request: Request, *contracts: AssetContract) -> Any:
    register = coverage.Register(replace(UNIT, contracts=contracts), None, date(2026, 5, 1))
    return coverage.facts_of("qnp", Case(ticket_no="KP-0000-0001", request=request), register).request.asked_by


def test_who_is_named_asks_as_the_contact_and_anybody_else_does_not() -> None:
    assert asked_by(REQUEST, CONTRACT) == "contact"
    assert asked_by(replace(REQUEST, contact_id="contact-2"), CONTRACT) == "other"
    second = CONTRACT.model_copy(update={"contract_id": "C-2", "contact_id": "contact-2"})
    assert asked_by(replace(REQUEST, contact_id="contact-2"), CONTRACT, second) == "contact"


def test_nothing_is_known_of_who_asks_without_a_contract_in_force_that_names_somebody() -> None:
    nameless = CONTRACT.model_copy(update={"contact_id": None})
    ended = CONTRACT.model_copy(update={"valid_until": date(2026, 4, 30)})
    assert [asked_by(REQUEST), asked_by(REQUEST, nameless), asked_by(REQUEST, ended)] == [None, None, None]
    last_day = CONTRACT.model_copy(update={"valid_until": date(2026, 5, 1)})
    assert asked_by(REQUEST, last_day) == "contact"


def test_what_the_desk_says_of_who_asks_goes_before_the_register() -> None:
    said = replace(REQUEST, details=RequestDetails(asked_by="other"))
    assert asked_by(said, CONTRACT) == "other"


async def test_a_contract_names_a_contact_of_its_customer(qnp_desk: Desk) -> None:
    contract = CONTRACT.model_dump(mode="json", exclude_unset=True)
    body = ASSET_BODY | {"serial": "NAS-1", "plan_family": "qnp", "contracts": [contract]}
    async with qnp_desk.staff() as staff:
        wrong = await staff.post("/v1/assets", json=body | {"contracts": [contract | {"contact_id": "contact-9"}]})
        assert [(each["field"], each["code"]) for each in wrong.json()["errors"]] == [
            ("contracts.0.contact_id", "unknown_contact")
        ]
        assert (await staff.post("/v1/assets", json=body)).status_code == 201
        await qnp_desk.settle()
        shown = (await staff.get("/v1/assets/NAS-1")).json()
    assert shown["contracts"][0]["contact_id"] == "contact-1"
