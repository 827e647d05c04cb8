"""SVT-04 to SVT-11 and SVT-26: contracts are registered for their devices, changed, renewed, begun by a delivery."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kippu_entitlement import contracts, deadlines, folds
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.registering import Registration, Site
from kippu_entitlement.registration.contract_rows import COLUMNS, ContractReading, StatedRow
from kippu_entitlement.registration.sheet import read
from kippu_entitlement.testing import CUSTOMER, DEVICE, World
from kippu_entitlement.testing.contracts import BUNDLE, SERIAL, TERMS, record, sell
from kippu_entitlement.testing.workbooks import filled
from kippu_events.catalogue.contracts import (
    ContractActivated,
    ContractEnded,
    ContractRefunded,
    ContractRegistered,
    ContractRenewed,
    ContractSold,
    DeliveryCorrected,
    DocumentIssued,
    RegistrationChanged,
    RegistrationReminded,
)
from kippu_events.deadlines import Cancel, Deadline, Schedule
from kippu_events.event import Event
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_terms.loading import load
from kippu_terms.refusal import Refused

NOW = datetime(2026, 6, 1, 1, tzinfo=UTC)  # Monday 10:00 in Tokyo


def site(**changes: Any) -> Site:
    usual: dict[str, Any] = {"area": "tokyo", "remote_island": False, "height_cm": 120}
    return Site(Plain(f"customer-svt-{CUSTOMER}", "1 Example Street"), **{**usual, **changes})


COMPLETE = Registration(consent=True, serial=SERIAL, model="M24ePWR", contact_id="contact-1", site=site())


@pytest.fixture
async def world() -> World:
    return await World(TERMS, VirtualClock(NOW)).begin()


async def register(world: World, contract_id: str = "O-1", stated: Registration = COMPLETE) -> Contract:
    async def decide(work: Work) -> None:
        await contracts.register(work, await contracts.opened(work, world.provider, contract_id), stated)

    await world.run(decide)
    return await contract(world, contract_id)


async def change(world: World, contact_id: str | None = None, to: Site | None = None) -> None:
    async def decide(work: Work) -> None:
        await contracts.change(work, await contracts.opened(work, world.provider, "O-1"), contact_id, to)

    await world.run(decide)


async def deliver(world: World, on: date, contract_id: str = "O-1") -> None:
    async def decide(work: Work) -> None:
        await contracts.activate(work, await contracts.opened(work, world.provider, contract_id), on)

    await world.run(decide)


async def correct(world: World, on: date, contract_id: str = "O-1") -> None:
    async def decide(work: Work) -> None:
        await contracts.correct_delivery(work, await contracts.opened(work, world.provider, contract_id), on)

    await world.run(decide)


async def contract(world: World, contract_id: str = "O-1") -> Contract:
    return await world.state(folds.CONTRACT, streams.contract(world.provider, contract_id))


async def on_contract(world: World, kind: Any, contract_id: str = "O-1") -> Sequence[Any]:
    return await world.events(streams.contract(world.provider, contract_id), kind)


async def refused(doing: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(Refused) as caught:
        await doing
    return [(fault.code, fault.field) for fault in caught.value.faults]


async def planned(world: World, kind: type[Event], contract_id: str = "O-1") -> dict[str, Any]:
    """The deadlines that the last event of a kind asks for or takes back, by what they are."""
    envelopes = await world.log.read_stream(streams.contract(world.provider, contract_id))
    last = [each for each in envelopes if isinstance(each.event, kind)][-1]
    return {each.id.partition(":")[0]: each for each in deadlines.plan(last)}


@pytest.mark.clause("SVT-06")
async def test_a_registered_contract_stands_on_its_device(world: World) -> None:
    await sell(world)
    state = await register(world)
    assert (state.status, state.serial, state.contact_id, state.registered_at) == ("active", SERIAL, "contact-1", NOW)
    device = await world.asset(SERIAL)
    assert (device.customer_id, device.model, device.plan_family) == (CUSTOMER, "M24ePWR", "svt")
    assert (device.area, device.remote_island, device.height_cm) == ("tokyo", False, 120)
    (covered,) = device.contracts
    assert (covered.contract_id, covered.product, covered.plan_version) == ("O-1", "advance-1y", "2026-01-01")
    assert (covered.valid_until, covered.registered_at, covered.contact_id) == (date(2027, 5, 9), NOW, "contact-1")


@pytest.mark.clause("SVT-06")
async def test_a_serial_number_is_made_plain_first(world: World) -> None:
    await sell(world)
    assert (await register(world, stated=replace(COMPLETE, serial=" １２３４５ 678901"))).serial == SERIAL


@pytest.mark.clause("SVT-05", "SVT-06")
async def test_late_registration_never_moves_the_expiry_date(world: World) -> None:
    await sell(world)
    world.clock.advance(timedelta(days=200))
    state = await register(world)
    assert (state.valid_from, state.valid_until) == (date(2026, 5, 10), date(2027, 5, 9))


@pytest.mark.clause("SVT-06")
async def test_every_fault_is_named_at_once_and_nothing_is_recorded(world: World) -> None:
    await sell(world)
    wrong = Registration(serial="123", model="M24ePWR", contact_id="contact-9")
    assert await refused(register(world, stated=wrong)) == [
        ("missing", "consent"),
        ("missing", "site"),
        ("malformed", "serial"),
        ("unknown_contact", "contact_id"),
    ]
    assert await on_contract(world, ContractRegistered) == []
    assert not (await world.asset("123")).exists


async def test_another_customers_device_is_not_taken(world: World) -> None:
    await world.register(replace(DEVICE, customer_id="customer-2", serial=SERIAL, plan_family="svt"))
    await sell(world)
    assert await refused(register(world)) == [("asset_registered", "serial")]
    assert (await contract(world)).status == "sold"


@pytest.mark.clause("SVT-08")
async def test_what_is_registered_already_is_not_registered_twice(world: World) -> None:
    await sell(world)
    await register(world)
    await register(world)
    assert len(await on_contract(world, ContractRegistered)) == 1
    other = replace(COMPLETE, serial="99999999999")
    assert await refused(register(world, stated=other)) == [("registered_already", "contract_id")]


async def test_what_ended_is_not_registered_any_more(world: World) -> None:
    await sell(world)
    await record(
        world, ContractEnded(occurred_at=NOW, contract_id="O-1", customer_id=CUSTOMER, ended_on=date(2027, 5, 9))
    )
    assert await refused(register(world)) == [("contract_over", "contract_id")]
    assert await refused(register(world, "O-9")) == [("not_found", None)]


@pytest.mark.clause("SVT-07")
async def test_a_renewal_takes_over_device_contact_and_site(world: World) -> None:
    await sell(world)
    await register(world)
    await sell(world, "O-2", product="advance-u1", renews="O-1", valid_until=date(2028, 5, 9))
    await register(world, "O-2", Registration(consent=True))
    (event,) = await on_contract(world, ContractRegistered, "O-2")
    assert (event.serial, event.model, event.contact_id, event.site) == (SERIAL, "M24ePWR", "contact-1", None)
    assert (event.site_of, event.taken_over) == ("O-1", ("contact_id", "model", "serial", "site"))
    assert (event.area, event.height_cm) == ("tokyo", 120)
    assert [each.contract_id for each in (await world.asset(SERIAL)).contracts] == ["O-1", "O-2"]
    await sell(world, "O-3", product="advance-u1", renews="O-2")
    assert (await register(world, "O-3", Registration(consent=True))).site_of == "O-1"


@pytest.mark.clause("SVT-07")
async def test_a_renewal_is_for_the_unit_that_took_the_old_ones_place(world: World) -> None:
    await sell(world)
    await register(world)
    await world.delivered("KP-0000-0001.S1", "20000000002", SERIAL)
    await sell(world, "O-2", product="advance-u1", renews="O-1")
    assert (await register(world, "O-2", Registration(consent=True))).serial == "20000000002"
    device = await world.asset("20000000002")
    assert [each.contract_id for each in device.contracts] == ["O-1", "O-2"]


@pytest.mark.clause("SVT-07")
async def test_a_renewal_of_what_was_never_registered_states_everything(world: World) -> None:
    await sell(world)
    await sell(world, "O-2", product="advance-u1", renews="O-1")
    fields = [field for _, field in await refused(register(world, "O-2", Registration(consent=True)))]
    assert fields == ["serial", "model", "contact_id", "site"]


@pytest.mark.clause("SVT-09")
async def test_a_reminder_falls_due_after_3_months_unless_it_was_registered(world: World) -> None:
    await sell(world)
    schedule = (await planned(world, ContractSold))["registration-reminder"]
    assert schedule.due_at == datetime(2026, 8, 9, 15, tzinfo=UTC)  # midnight in Tokyo, as 10 August begins
    await fire(world, schedule)
    (reminded,) = await on_contract(world, RegistrationReminded)
    assert (reminded.register_by, reminded.occurred_at) == (date(2026, 8, 10), schedule.due_at)
    assert (reminded.waiting, reminded.clause) == (("O-1",), "SVT-09")
    assert (await register(world)).status == "active"  # a guide, and nothing is refused


@pytest.mark.clause("SVT-09")
async def test_terms_that_take_no_sheets_by_mail_remind_without_a_mark(svt_with: Any) -> None:
    plan = svt_with('subject_marks = ["[registration]", "【登録】"]', "")
    world = await World(plan.source, VirtualClock(NOW)).begin()
    await sell(world)
    await fire(world, (await planned(world, ContractSold))["registration-reminder"])
    (reminded,) = await on_contract(world, RegistrationReminded)
    assert (reminded.subject_mark, reminded.clause) == ("", "SVT-09")


@pytest.mark.clause("SVT-09")
async def test_what_was_registered_is_not_reminded_of(world: World) -> None:
    await sell(world)
    await register(world)
    reminder = (await planned(world, ContractSold))["registration-reminder"]
    cancel = (await planned(world, ContractRegistered))["registration-reminder"]
    assert cancel == Cancel(reminder.id)
    await fire(world, reminder)
    assert await on_contract(world, RegistrationReminded) == []


async def fire(world: World, schedule: Schedule) -> None:
    world.clock.move_to(max(schedule.due_at, world.clock.now()))
    due = Deadline(schedule.id, schedule.kind, schedule.provider, schedule.due_at, schedule.payload)

    async def decide(work: Work) -> None:
        await deadlines.DEADLINES.fire[schedule.kind](due, work)

    await world.run(decide)


@pytest.mark.clause("SVT-11")
async def test_a_change_of_address_counts_at_once(world: World) -> None:
    await sell(world)
    await register(world)
    await change(world, to=site(area="sapporo", height_cm=None))
    (changed,) = await on_contract(world, RegistrationChanged)
    assert (changed.changed, changed.effective_at) == (("site", "area", "height_cm"), NOW)
    device = await world.asset(SERIAL)
    assert (device.area, device.height_cm, len(device.contracts)) == ("sapporo", None, 1)


@pytest.mark.clause("SVT-11")
async def test_another_contact_is_reported_too_and_what_is_the_same_is_no_change(world: World) -> None:
    await sell(world)
    assert await refused(change(world, "contact-1")) == [("not_registered", "contract_id")]
    await register(world)
    await change(world, "contact-1")
    assert await on_contract(world, RegistrationChanged) == []
    assert await refused(change(world, "contact-9")) == [("unknown_contact", "contact_id")]


@pytest.mark.clause("SVT-11", "NEC-Q4")
async def test_where_a_desk_takes_changes_they_count_when_it_opens() -> None:
    text = TERMS.replace(
        '[contracts.changes]\nclause = "SVT-11"', '[contracts.changes]\nclause = "SVT-11"\nhours = "onsite"'
    )
    assert text != TERMS
    world = await World(text, VirtualClock(NOW)).begin()
    await sell(world)
    await register(world)
    world.clock.move_to(datetime(2026, 6, 5, 8, tzinfo=UTC))  # Friday 17:00
    await change(world, to=site(area="sapporo"))
    (changed,) = await on_contract(world, RegistrationChanged)
    assert changed.effective_at == datetime(2026, 6, 8, tzinfo=UTC)  # Monday 9:00
    assert (await world.asset(SERIAL)).area == "tokyo"
    await fire(world, (await planned(world, RegistrationChanged))["registration-change"])
    assert (await world.asset(SERIAL)).area == "sapporo"


@pytest.mark.clause("SVT-26")
async def test_a_bundle_is_registered_before_its_delivery_and_active_from_then_on(world: World) -> None:
    await sell(world, **BUNDLE)
    assert (await register(world)).status == "pre_registered"
    assert (await world.asset(SERIAL)).contracts == ()
    await deliver(world, date(2026, 6, 10))
    state = await contract(world)
    assert (state.status, state.valid_from, state.valid_until) == ("active", date(2026, 6, 10), date(2029, 6, 9))
    (covered,) = (await world.asset(SERIAL)).contracts
    assert (covered.valid_from, covered.status) == (date(2026, 6, 10), "active")
    (activated,) = await on_contract(world, ContractActivated)
    assert (activated.ends_at, activated.register_by) == (datetime(2029, 6, 9, 15, tzinfo=UTC), None)


@pytest.mark.clause("SVT-09", "SVT-26")
async def test_a_bundle_delivered_first_is_to_be_registered_within_3_months_of_that(world: World) -> None:
    await sell(world, **BUNDLE)
    await deliver(world, date(2026, 6, 10))
    (activated,) = await on_contract(world, ContractActivated)
    assert (await contract(world)).status == "sold"
    assert activated.register_by == date(2026, 9, 10)
    schedule = (await planned(world, ContractActivated))["registration-reminder"]
    assert schedule.due_at == datetime(2026, 9, 9, 15, tzinfo=UTC)
    assert (await register(world)).status == "active"


@pytest.mark.clause("SVT-26")
async def test_a_delivery_is_reported_once(world: World) -> None:
    await sell(world, **BUNDLE)
    await deliver(world, date(2026, 6, 10))
    await deliver(world, date(2026, 6, 10))
    assert len(await on_contract(world, ContractActivated)) == 1
    assert await refused(deliver(world, date(2026, 6, 11))) == [("runs_already", "delivered_on")]
    await sell(world, "O-2")
    assert await refused(deliver(world, date(2026, 6, 11), "O-2")) == [("runs_already", "delivered_on")]


@pytest.mark.clause("SVT-26")
async def test_a_delivery_reported_for_a_wrong_day_is_corrected_with_its_ends(world: World) -> None:
    await sell(world, **BUNDLE)
    assert await refused(correct(world, date(2026, 6, 10))) == [("not_delivered", "delivered_on")]
    await deliver(world, date(2026, 6, 10))
    await correct(world, date(2026, 6, 12))
    await correct(world, date(2026, 6, 12))
    (corrected,) = await on_contract(world, DeliveryCorrected)
    assert (corrected.was_active_from, corrected.active_from) == (date(2026, 6, 10), date(2026, 6, 12))
    assert (await contract(world)).valid_until == date(2029, 6, 11)
    due = {name: each.due_at for name, each in (await planned(world, DeliveryCorrected)).items()}
    assert due["contract-end"] == datetime(2029, 6, 11, 15, tzinfo=UTC)
    assert due["registration-reminder"] == datetime(2026, 9, 11, 15, tzinfo=UTC)
    await register(world)
    await correct(world, date(2026, 6, 9))
    (covered,) = (await world.asset(SERIAL)).contracts
    assert (covered.valid_from, covered.valid_until) == (date(2026, 6, 9), date(2029, 6, 8))
    await sell(world, "O-2")
    assert await refused(correct(world, date(2026, 6, 11), "O-2")) == [("not_by_delivery", "delivered_on")]


@pytest.mark.clause("SVT-26")
async def test_a_bundle_that_ended_by_a_wrong_year_goes_on(world: World) -> None:
    await sell(world, **BUNDLE)
    await register(world)
    await deliver(world, date(2022, 6, 10))
    await record(
        world, ContractEnded(occurred_at=NOW, ended_on=date(2025, 6, 9), contract_id="O-1", customer_id=CUSTOMER)
    )
    await correct(world, date(2026, 6, 1))
    state = await contract(world)
    assert (state.status, state.valid_until) == ("active", date(2029, 5, 31))
    (covered,) = (await world.asset(SERIAL)).contracts
    assert covered.valid_until == date(2029, 5, 31)


@pytest.mark.clause("SVT-26")
async def test_what_is_given_back_or_renewed_keeps_its_days(world: World) -> None:
    """A renewal runs from the end of what it renews; once that is given back, the day can be corrected."""
    await sell(world, **BUNDLE)
    await deliver(world, date(2026, 6, 1))
    about = {"occurred_at": NOW, "customer_id": CUSTOMER}
    await sell(world, "O-2", renews="O-1")
    await record(world, ContractRenewed(contract_id="O-1", renewed_by="O-2", **about))
    assert await refused(correct(world, date(2026, 5, 30))) == [("renewed_already", "delivered_on")]
    await record(world, ContractRefunded(contract_id="O-2", order_id="O-2", reason="bought twice", **about))
    await correct(world, date(2026, 5, 30))
    assert (await contract(world)).valid_from == date(2026, 5, 30)
    await record(world, ContractRefunded(contract_id="O-1", order_id="O-1", reason="bought twice", **about))
    assert await refused(correct(world, date(2026, 5, 31))) == [("contract_over", "contract_id")]


@pytest.mark.clause("SVT-10")
async def test_the_notice_of_a_registration_is_made_in_the_contacts_language(world: World) -> None:
    await sell(world)
    await register(world)
    await register(world)
    (notice,) = await on_contract(world, DocumentIssued)
    assert (notice.kind, notice.clause, notice.contact_id) == ("registration_notice", "SVT-10", "contact-1")
    assert (notice.language, notice.document_id) == ("th", "O-1.registration_notice")
    stated = notice.content
    assert (stated["serial"], stated["valid_until"], stated["registered_on"]) == (SERIAL, "2027-05-09", "2026-06-01")
    assert stated["desk_mail"] == "maintenance@svt.example"
    assert stated["asks_for"].startswith("โปรดแจ้ง")


@pytest.mark.clause("SVT-05", "SVT-26")
async def test_a_bundles_service_ticket_is_made_when_its_expiry_date_is_known(world: World) -> None:
    await sell(world, **BUNDLE)
    assert await on_contract(world, DocumentIssued) == []
    await deliver(world, date(2026, 6, 10))
    (ticket,) = await on_contract(world, DocumentIssued)
    assert (ticket.kind, ticket.clause, ticket.contact_id) == ("service_ticket", "SVT-05", None)
    assert (ticket.content["valid_until"], ticket.content["part_number"]) == ("2029-06-09", "SVT-SW-ASB3")


async def imported(world: World, *rows: dict[str, Any]) -> tuple[list[str], list[str], list[tuple[str | None, str]]]:
    """What a sheet's rows came to: contracts registered, those that were already, and its faults by place."""
    reading = ContractReading(read(filled(*rows, known=COLUMNS), COLUMNS))
    by_id = {row.contract_id: row for row in reading.rows}

    def stated(row: StatedRow) -> Callable[[str], Registration]:
        values = row.values
        where = replace(site(), area=values["area"], height_cm=values["height_cm"]) if values["address"] else None
        return lambda _customer: Registration(
            values["consent"], values["serial"], values["model"], values["contact_id"], where
        )

    outcomes: list[contracts.Registered] = []

    async def decide(work: Work) -> None:
        wanted = {contract_id: stated(row) for contract_id, row in by_id.items()}
        outcomes.append(await contracts.register_all(work, world.provider, wanted, lambda _customer: None))

    await world.run(decide)
    done = outcomes[-1]
    faults = [fault for each, found in done.faults.items() for fault in reading.faults_at(by_id[each], found)]
    return done.new, done.unchanged, [(fault.field, fault.code) for fault in (*reading.faults, *faults)]


ROW: dict[str, Any] = {
    "contract_id": "O-1",
    "consent": "yes",
    "serial": "１２３４５６７８９０１",
    "model": "M24ePWR",
    "contact_id": "contact-1",
    "address": "1 Example Street",
    "area": "tokyo",
    "height_cm": 120,
}


@pytest.mark.clause("SVT-08")
async def test_a_spreadsheet_registers_its_rows_and_none_twice(world: World) -> None:
    await sell(world)
    assert await imported(world, ROW) == (["O-1"], [], [])
    assert await imported(world, ROW) == ([], ["O-1"], [])
    assert (await contract(world)).serial == SERIAL


@pytest.mark.clause("SVT-08")
async def test_its_faults_are_named_by_row_and_column(world: World) -> None:
    await sell(world)
    await sell(world, "O-2")
    second = ROW | {"contract_id": "O-2", "serial": "123", "address": None}
    _, _, faults = await imported(world, ROW, second, ROW | {"contract_id": "O-3", "height_cm": "high"})
    assert faults == [
        ("rows.4.Height in cm", "not_a_number"),
        ("rows.3.Site", "missing"),
        ("rows.3.Serial number", "malformed"),
    ]


@pytest.mark.clause("NEC-Q5")
async def test_a_label_shows_the_period_of_a_pack_once_it_is_registered() -> None:
    text = (Path(__file__).parents[2] / "plans" / "nec-esp.toml").read_text()
    world = await World(text, VirtualClock(NOW)).begin()
    product = next(each.id for each in load(text).commercial.products if each.kind == "maintenance")
    days = {"valid_from": date(2026, 1, 10), "valid_until": date(2031, 1, 9)}
    await sell(world, plan_family="nec-esp", product=product, **days)
    await register(world, stated=replace(COMPLETE, consent=False, serial="SERVER-1", model="Server"))
    (label,) = await on_contract(world, DocumentIssued)
    assert (label.kind, label.clause, label.content["serial"]) == ("label", "NEC-Q5", "SERVER-1")
    assert (label.content["valid_from"], label.content["valid_until"]) == ("2026-01-10", "2031-01-09")


async def test_terms_without_registration_say_so() -> None:
    text = (Path(__file__).parents[2] / "plans" / "qnp.toml").read_text()
    world = await World(text, VirtualClock(NOW)).begin(Asset(CUSTOMER, "NAS-1", model="NAS", plan_family="qnp"))
    await sell(world, plan_family="qnp", product="advance-send-back")
    assert await refused(register(world)) == [("no_registration", None)]
