"""Licences ordered, paid, renewed and left to lapse over HTTP; what a member ID gives, and to whom that is told."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_entitlement.deadlines import DEADLINES
from kippu_entitlement.testing.desk import CUSTOMER_BODY, Desk
from kippu_events.catalogue.entitlement import CompetitorMarked, OrderAccepted
from kippu_events.catalogue.licences import (
    IncidentMemberIssued,
    LicenceRenewed,
    LicenceSold,
    MaintenanceEnded,
    MemberIdIssued,
    MemberIdVoided,
    RenewalNoticed,
)
from kippu_events.catalogue.values import InvoiceMail, RequestDetails
from kippu_events.deadline_runner import DeadlineRunner
from kippu_events.event import Event
from kippu_privacy import Sealed
from kippu_service.testing import Caller

TOKYO = ZoneInfo("Asia/Tokyo")
LICENCE = "customer-1.cwc"
TWO: dict[str, Any] = {
    "product": "licence",
    "quantity": 2,
    "together": [{"product": "annual-maintenance", "quantity": 2}],
}
ORDER = {"customer_id": "customer-1", "plan_family": "cwc", "contact_id": "contact-1"}


async def place(caller: Caller, **changes: Any) -> Any:
    return await caller.post("/v1/orders", json={**ORDER, **changes})


async def buy(desk: Desk, **changes: Any) -> str:
    """An order that is paid today."""
    async with desk.partner() as partner:
        answer = await place(partner, **changes)
    assert answer.is_success, answer.text
    order_id = str(answer.json()["order_id"])
    await desk.world.tell(desk.world.paying(order_id, desk.world.today))
    await desk.settle()
    return order_id


async def recorded(desk: Desk, *types: type[Event]) -> list[Any]:
    return [each.event for each in await desk.runtime.log.read(0, 1_000) if isinstance(each.event, types)]


async def secrets(desk: Desk, event_type: type[Event], field: str) -> list[str | None]:
    """What was sealed in these events, in the clear."""
    found = [each for each in await desk.runtime.log.read(0, 1_000) if isinstance(each.event, event_type)]
    sealed = [(getattr(each.event, field), each.associated(field)) for each in found]
    assert all(isinstance(value, Sealed) for value, _ in sealed)
    return await desk.runtime.vault.open(sealed)


async def check(caller: Caller, member_id: str | None, **question: str) -> Any:
    answer = await caller.post("/v1/members/check", json={"member_id": member_id, **question})
    assert answer.status_code == 200, answer.text
    return answer.json()


def move_to(desk: Desk, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> None:
    desk.world.clock.move_to(datetime(year, month, day, hour, minute, tzinfo=TOKYO))


async def run_due(desk: Desk) -> int:
    runtime = desk.runtime
    runner = DeadlineRunner("entitlement", DEADLINES, runtime.worker, runtime.connect_writer)
    try:
        fired = await runner.run_due()
    finally:
        await runner.close()
    await desk.settle()
    return fired


@pytest.mark.clause("CWC-01", "CWC-02", "CWC-08")
async def test_an_order_that_breaks_rules_of_licences_names_each_and_changes_nothing(cwc_desk: Desk) -> None:
    async with cwc_desk.partner() as partner:
        refused = await place(partner, product="licence", quantity=2)
        assert refused.status_code == 422
        assert [error["clause"] for error in refused.json()["errors"]] == ["CWC-01", "CWC-02"]
        unknown = await place(partner, **TWO, contact_id="contact-9")
        assert [error["field"] for error in unknown.json()["errors"]] == ["contact_id"]
    await buy(cwc_desk, **TWO)
    async with cwc_desk.partner() as partner:
        alone = await place(partner, **TWO)
        assert [error["clause"] for error in alone.json()["errors"]] == ["CWC-08"]


@pytest.mark.clause("CWC-03", "CWC-11", "CWC-12")
async def test_the_member_id_comes_with_the_payment_and_gives_the_benefits(cwc_desk: Desk) -> None:
    async with cwc_desk.partner() as partner:
        answer = await place(partner, **TWO)
        await cwc_desk.settle()
        assert await recorded(cwc_desk, LicenceSold, MemberIdIssued) == []  # not before it is paid
        (accepted,) = await recorded(cwc_desk, OrderAccepted)
        assert accepted.invoice_mail == InvoiceMail(clause="CWC-11", contacts={"contact-1": "th"})
        await cwc_desk.world.tell(cwc_desk.world.paying(answer.json()["order_id"], cwc_desk.world.today))
        await cwc_desk.settle()
        (sold,) = await recorded(cwc_desk, LicenceSold)
        assert (sold.quantity, sold.price_paid, sold.contact_id) == (2, 400_000, "contact-1")
        (member_id,), (key,) = [await secrets(cwc_desk, MemberIdIssued, name) for name in ("member_id", "licence_key")]
        assert member_id is not None
        assert key is not None
        assert (len(member_id), len(key)) == (19, 29)
        for written in (member_id, member_id.lower().replace("-", " ")):
            shown = await check(partner, written)
            assert (shown["status"], shown["clause"], shown["maintained_until"]) == ("valid", "CWC-03", "2027-11-17")
            assert shown["benefits"] == ["upgrades", "japanese_resources", "mail_support", "help_site"]
        assert (await check(partner, member_id[:-1]))["status"] == "none"
        held = (await partner.get(f"/v1/licences/{LICENCE}", params={"on": "2027-05-18"})).json()
        assert (held["quantity"], held["maintenance"]["worth"]["percent_left"]) == (2, "90")
    async with cwc_desk.partner("customer-2") as other, Caller(cwc_desk.app, "iij") as elsewhere:
        for caller in (other, elsewhere):
            unknown = await check(caller, member_id)
            assert (unknown["status"], unknown["customer_id"], unknown["benefits"]) == ("none", None, [])
            assert (await caller.get(f"/v1/licences/{LICENCE}")).status_code == 404


@pytest.mark.clause("CWC-04", "CWC-09", "CWC-12")
async def test_it_ends_by_itself_at_the_local_midnight_a_month_after_the_notice(cwc_desk: Desk) -> None:
    await buy(cwc_desk, **TWO)
    (member_id,) = await secrets(cwc_desk, MemberIdIssued, "member_id")
    move_to(cwc_desk, 2027, 10, 16, 23, 59)
    assert await run_due(cwc_desk) == 0
    move_to(cwc_desk, 2027, 10, 17, 8)
    assert await run_due(cwc_desk) == 1
    (noticed,) = await recorded(cwc_desk, RenewalNoticed)
    assert (noticed.fee, noticed.contact_id, noticed.clause) == (80_000, "contact-1", "CWC-09")
    assert noticed.occurred_at == datetime(2027, 10, 17, tzinfo=TOKYO)
    async with cwc_desk.partner() as partner:
        assert (await check(partner, member_id))["status"] == "valid"
        assert (await check(partner, member_id, on="2027-11-17"))["status"] == "valid"
        after = await check(partner, member_id, on="2027-11-18")
        assert (after["status"], after["benefits"], after["clause"]) == ("void", [], "CWC-04")
        move_to(cwc_desk, 2027, 11, 18)
        assert (await check(partner, member_id))["status"] == "void"  # though no deadline has run yet
        assert await run_due(cwc_desk) == 1
        (ended,) = await recorded(cwc_desk, MaintenanceEnded)
        assert (ended.occurred_at, ended.ended_on.isoformat()) == (datetime(2027, 11, 18, tzinfo=TOKYO), "2027-11-17")


@pytest.mark.clause("CWC-06", "CWC-10", "CWC-12")
async def test_a_renewal_voids_the_old_id_and_follows_the_old_term(cwc_desk: Desk) -> None:
    await buy(cwc_desk, **TWO)
    move_to(cwc_desk, 2027, 11, 1, 10)
    async with cwc_desk.partner() as partner:
        early = await place(partner, product="maintenance-rejoining")
        assert [error["clause"] for error in early.json()["errors"]] == ["CWC-05"]
        answer = await place(partner, product="maintenance-renewal")
        assert [line["unit_price"] for line in answer.json()["price"]["lines"]] == [80_000]
        assert (answer.json()["valid_from"], answer.json()["valid_until"]) == ("2027-11-18", "2028-11-17")
        assert answer.json()["contracts"] == []
        await cwc_desk.world.tell(cwc_desk.world.paying(answer.json()["order_id"], cwc_desk.world.today))
        await cwc_desk.settle()
        old, new = await secrets(cwc_desk, MemberIdIssued, "member_id")
        assert (await check(partner, old))["clause"] == "CWC-12"
        assert (await check(partner, old, on="2027-10-31"))["status"] == "valid"
        shown = await check(partner, new)
        assert (shown["status"], shown["maintained_until"]) == ("valid", "2028-11-17")
    (renewed,) = await recorded(cwc_desk, LicenceRenewed)
    assert (renewed.kind, renewed.full_on.isoformat(), renewed.price_paid) == ("continuing", "2027-11-18", 400_000)
    assert len(await recorded(cwc_desk, MemberIdVoided)) == 1
    move_to(cwc_desk, 2027, 11, 18)
    await run_due(cwc_desk)
    assert await recorded(cwc_desk, MaintenanceEnded) == []


@pytest.mark.clause("CWC-05", "CWC-08")
async def test_after_a_lapse_it_rejoins_and_others_are_added_to_all(cwc_desk: Desk) -> None:
    await buy(cwc_desk, **TWO)
    move_to(cwc_desk, 2028, 5, 18, 10)  # 18 months later
    async with cwc_desk.partner() as partner:
        late = await place(partner, product="maintenance-renewal")
        assert [error["clause"] for error in late.json()["errors"]] == ["CWC-10"]
        answer = await place(partner, product="maintenance-rejoining")
        assert [line["unit_price"] for line in answer.json()["price"]["lines"]] == [120_000]  # 30 %
        await cwc_desk.world.tell(cwc_desk.world.paying(answer.json()["order_id"], cwc_desk.world.today))
        await cwc_desk.settle()
    move_to(cwc_desk, 2028, 11, 18, 10)  # 6 months after that
    lines = [{"product": "licence", "quantity": 1}, {"product": "annual-maintenance", "quantity": 1}]
    await buy(cwc_desk, product="maintenance-alignment", together=lines)
    rejoined, added = await recorded(cwc_desk, LicenceRenewed)
    assert (rejoined.kind, rejoined.full_on.isoformat()) == ("rejoining", "2028-05-18")
    assert (added.kind, added.quantity, added.price_paid) == ("adding", 3, 600_000)
    assert (added.full_on.isoformat(), added.maintained_until.isoformat()) == ("2028-11-18", "2029-11-17")


@pytest.mark.clause("CWC-21", "CWC-26")
async def test_incidents_take_a_member_id_and_give_a_number(cwc_desk: Desk) -> None:
    async with cwc_desk.partner() as partner:
        refused = await place(partner, product="incidents-5")
        assert [error["clause"] for error in refused.json()["errors"]] == ["CWC-26"]
    await buy(cwc_desk, **TWO)
    await buy(cwc_desk, product="incidents-5")
    await buy(cwc_desk, product="incidents-1")
    (number,) = await secrets(cwc_desk, IncidentMemberIssued, "number")  # once
    async with cwc_desk.partner() as partner:
        assert (await check(partner, number))["kind"] == "incidents"
        assert (await check(partner, number, on="2026-11-17"))["status"] == "void", "it was issued the day after"
        move_to(cwc_desk, 2026, 11, 19, minute=30)  # in UTC it is still the 18th
        today = await check(partner, number)
        assert (today["status"], today["on"]) == ("valid", "2026-11-19")
        assert (await partner.get(f"/v1/wallets/{LICENCE}")).json()["balance"] == 6


@pytest.mark.clause("CWC-03", "CWC-04", "CWC-13", "CWC-21", "CWC-22")
async def test_requests_are_decided_by_the_licences_on_record(cwc_desk: Desk) -> None:
    async def asked(number: int, **facts: Any) -> dict[str, Any]:
        ticket_no = f"KP-0000-{number:04}"
        usual = {"asset_serial": None, "category": "mail_support", "topic": "basic_settings"}
        await cwc_desk.world.tell(cwc_desk.world.opening(ticket_no, **{**usual, **facts}))
        await cwc_desk.settle()
        async with cwc_desk.partner() as partner:
            return dict((await partner.get(f"/v1/decisions/{ticket_no}")).json()["current"])

    before = await asked(1)
    assert (before["outcome"], before["deciding_clause"]["id"]) == ("refused", "CWC-03")
    await buy(cwc_desk, **TWO | {"together": [*TWO["together"], {"product": "incidents-5", "quantity": 1}]})
    mail = await asked(2)
    assert (mail["outcome"], mail["deciding_clause"]["id"]) == ("covered", "CWC-13")
    other = await asked(3, contact_id="contact-2")
    assert (other["outcome"], other["deciding_clause"]["id"]) == ("refused", "CWC-13")
    paid = await asked(4, category="technical_support", topic=None)
    assert (paid["outcome"], paid["metered"]) == ("covered_by_debit", True)
    await cwc_desk.world.tell(cwc_desk.world.work(31, "KP-0000-0004", kind="remote_work"))
    await cwc_desk.settle()
    async with cwc_desk.partner() as partner:
        assert (await partner.get(f"/v1/wallets/{LICENCE}")).json()["balance"] == 3
    hindered = await asked(5, category="technical_support", topic=None, details=RequestDetails(internet=False))
    assert hindered["deciding_clause"]["id"] == "CWC-23"
    cwc_desk.world.clock.move_to(cwc_desk.world.clock.now() + timedelta(days=366))
    lapsed = await asked(6)
    assert (lapsed["outcome"], lapsed["deciding_clause"]["id"]) == ("refused", "CWC-04")


@pytest.mark.clause("CWC-18", "CWC-20", "CWC-27")
async def test_services_are_for_those_who_bought_and_not_for_competitors(cwc_desk: Desk) -> None:
    rival = CUSTOMER_BODY | {"customer_id": "customer-2", "competitor": True, "contacts": []}
    async with cwc_desk.staff() as staff:
        (await staff.post("/v1/customers", json=rival)).raise_for_status()
        for customer_id, clauses in (("customer-1", ["CWC-18"]), ("customer-2", ["CWC-18", "CWC-20"])):
            body = {"customer_id": customer_id, "plan_family": "cwc", "product": "ssl-setup"}
            refused = await staff.post("/v1/orders", json=body)
            assert [error["clause"] for error in refused.json()["errors"]] == ["CWC-27", *clauses]  # nothing is booked


@pytest.mark.clause("CWC-20")
async def test_a_customer_is_marked_as_a_competitor_and_no_longer_one_by_the_providers_people(cwc_desk: Desk) -> None:
    order = {"customer_id": "customer-1", "plan_family": "cwc", "product": "ssl-setup"}
    path = "/v1/customers/customer-1/competitor"
    async with cwc_desk.staff() as staff, cwc_desk.partner() as partner:
        for competitor, clauses in ((True, ["CWC-18", "CWC-20"]), (True, ["CWC-18", "CWC-20"]), (False, ["CWC-18"])):
            marked = await staff.post(path, json={"competitor": competitor})
            assert (marked.status_code, marked.json()["competitor"]) == (200, competitor)
            refused = await staff.post("/v1/orders", json=order)
            assert [error["clause"] for error in refused.json()["errors"]] == ["CWC-27", *clauses]  # nothing is booked
        again = await staff.post(path, json={"competitor": True})
        theirs = await partner.post(path, json={"competitor": False})
        nobody = await staff.post("/v1/customers/customer-9/competitor", json={"competitor": True})
    marks = await cwc_desk.world.events("customer-cwc-customer-1", CompetitorMarked)
    assert (again.status_code, theirs.status_code, nobody.status_code) == (200, 403, 404)
    assert [mark.competitor for mark in marks] == [True, False, True]
