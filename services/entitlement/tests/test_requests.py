"""Given a customer's wallet, when other services say what happened to a request, then this is decided and debited."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from kippu_entitlement import deadlines, folds, requests
from kippu_entitlement.domain import case, streams
from kippu_entitlement.testing import CUSTOMER, DEVICE, PROVIDER, WALLET, World
from kippu_events.catalogue.entitlement import (
    ApprovalRequested,
    CoverageDecided,
    DebitNoted,
    DebitShortfall,
    OrderAccepted,
    OrderPaid,
    OrderRefused,
    RequestDeclined,
    RequestNoted,
    ShortfallForgiven,
    TicketDebited,
    TicketDebitReversed,
    TicketsCredited,
    TicketsExpired,
    WorkNoted,
)
from kippu_events.catalogue.values import Outcome, WorkKind
from kippu_events.deadlines import Deadline, Schedule
from kippu_events.envelope import Envelope
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_terms.refusal import Refused

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # Wednesday 10:00 in Bangkok
PLAN = (Path(__file__).parents[3] / "plans" / "iij-se.toml").read_text()
CASE = streams.case(PROVIDER, "KP-0000-0001")


@pytest.fixture
async def world() -> World:
    return await World(PLAN, VirtualClock(NOW)).begin()


def taken(debit: TicketDebited | TicketDebitReversed) -> list[tuple[str, int]]:
    return [(each.lot_id, each.quantity) for each in debit.allocations]


async def test_a_request_is_noted_before_it_is_decided_in_one_append(world: World) -> None:
    await world.opened(asset_serial=" device-1 ")
    noted, decided = await world.log.read_stream(CASE)
    assert isinstance(noted.event, RequestNoted)
    assert noted.event.asset_serial == "DEVICE-1"
    assert isinstance(decided.event, CoverageDecided)
    assert (decided.event.outcome, decided.event.deciding_clause) == (Outcome.COVERED_BY_DEBIT, "IIJ-07")
    assert (decided.event.plan_version, decided.event.decision) == ("2025-04-01", 1)
    assert noted.metadata.causation_id == decided.metadata.causation_id is not None


async def test_work_is_debited_per_started_hour_of_the_request_from_the_lot_that_ends_first(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.credit("O-2", 1, days=90)
    await world.opened()
    await world.worked(35)
    await world.worked(50, kind=WorkKind.VENDOR_COORDINATION)
    await world.worked(600, kind=WorkKind.WAITING)
    first, second = await world.on_wallet(TicketDebited)
    assert (first.debit_id, taken(first), first.balance) == ("KP-0000-0001.1", [("O-2", 1)], 10)
    assert (second.debit_id, taken(second), second.balance) == ("KP-0000-0001.2", [("O-1", 1)], 9)
    assert [(each.counted, each.minutes_total, each.units_due) for each in await world.on_case(WorkNoted)] == [
        (True, 35, 1),
        (True, 85, 2),
        (False, 85, 2),
    ]


async def test_one_debit_of_two_crosses_from_the_lot_that_ends_first_into_the_next(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.credit("O-2", 1, days=90)
    await world.opened()
    await world.worked(85)
    (debit,) = await world.on_wallet(TicketDebited)
    assert taken(debit) == [("O-2", 1), ("O-1", 1)]
    (noted,) = await world.on_case(DebitNoted)
    assert (noted.allocations, noted.quantity) == (debit.allocations, 2)


async def test_work_from_before_the_request_was_received_costs_nothing(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.opened()
    await world.worked(60, started_at=NOW - timedelta(minutes=1))
    assert await world.on_wallet(TicketDebited) == []
    assert [each.counted for each in await world.on_case(WorkNoted)] == [False]


async def test_work_counts_for_the_lots_that_were_valid_when_it_started(world: World) -> None:
    await world.credit("O-1", 1, days=1)
    await world.credit("O-2", 1, days=300)
    await world.opened()
    world.clock.advance(timedelta(days=2))
    await world.worked(60, started_at=NOW + timedelta(hours=23))
    await world.worked(60, started_at=NOW + timedelta(days=1))
    assert [taken(each) for each in await world.on_wallet(TicketDebited)] == [[("O-1", 1)], [("O-2", 1)]]


async def test_work_on_a_request_that_waits_is_debited_once_with_the_decision_that_covers_it(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.opened(category=None, asset_serial=None)
    await world.worked(85)
    (decided,) = await world.on_case(CoverageDecided)
    assert (decided.outcome, decided.waiting_for) == (Outcome.WAITING, "classification")
    assert await world.on_wallet(TicketDebited) == []
    await world.classified()
    (debit,) = await world.on_wallet(TicketDebited)
    assert debit.quantity == 2
    await world.classified()
    assert len(await world.on_wallet(TicketDebited)) == 1
    assert [each.decision for each in await world.on_case(CoverageDecided)] == [1, 2, 3]
    (cause,) = {each.metadata.causation_id for each in await _about(world, "KP-0000-0001.1")}
    assert cause == (await world.log.read_stream(CASE))[4].metadata.causation_id, "one append with the decision"


async def _about(world: World, debit_id: str) -> list[Envelope]:
    envelopes = [*await world.log.read_stream(CASE), *await world.log.read_stream(streams.wallet(PROVIDER, WALLET))]
    return [each for each in envelopes if getattr(each.event, "debit_id", None) == debit_id]


async def test_a_refused_request_is_not_debited_and_names_the_clause(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.register(replace(DEVICE, serial="OLD-1", warranty_until=date(2026, 11, 17)))
    await world.register(replace(DEVICE, serial="OWN-1", installed_by="customer"))
    for number, serial in enumerate(("OLD-1", "OWN-1"), start=1):
        ticket_no = f"KP-0000-000{number}"
        await world.opened(ticket_no, asset_serial=serial)
        await world.worked(60, ticket_no)
        (decided,) = await world.on_case(CoverageDecided, ticket_no)
        assert (decided.outcome, decided.deciding_clause) == (Outcome.REFUSED, "IIJ-05")
    assert await world.on_wallet(TicketDebited) == []


async def test_another_customers_device_is_as_one_that_is_not_registered(world: World) -> None:
    await world.register(replace(DEVICE, serial="OTHER-1", customer_id="customer-2"))
    await world.opened(asset_serial="OTHER-1")
    (decided,) = await world.on_case(CoverageDecided)
    assert (decided.outcome, decided.deciding_clause) == (Outcome.REFUSED, "IIJ-04")
    assert decided.facts["asset"]["registered"] is False
    assert decided.facts["asset"]["model"] is None


async def test_an_approval_is_asked_for_answered_once_and_decides_anew(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.opened(category="preventive_maintenance")
    await world.worked(60, kind=WorkKind.PREVENTIVE_MAINTENANCE)
    (asked,) = await world.on_case(ApprovalRequested)
    assert (asked.approval_id, asked.clause) == ("KP-0000-0001.A1", "IIJ-06")

    async def grant(work: Work) -> None:
        stream = await requests.load_case(work, PROVIDER, "KP-0000-0001")
        answer = case.answer_approval(
            stream.state, approval_id=asked.approval_id, granted=True, actor="operator-1", now=work.now
        )
        work.record(stream, answer)
        await requests.decide(work, stream)

    await world.run(grant)
    assert [each.outcome for each in await world.on_case(CoverageDecided)] == ["waiting", "covered_by_debit"]
    assert [each.quantity for each in await world.on_wallet(TicketDebited)] == [1]
    with pytest.raises(Refused) as twice:
        await world.run(grant)
    assert twice.value.kind == "conflict"


async def test_what_was_approved_is_this_work_on_this_device_alone(world: World) -> None:
    await world.register(replace(DEVICE, serial="DEVICE-2"))
    await world.opened(category="preventive_maintenance")
    approved = replace(await world.case(), approved=True)
    (noted,) = await world.on_case(RequestNoted)
    assert case.evolve(approved, noted).approved is True
    assert case.evolve(approved, noted.model_copy(update={"asset_serial": "DEVICE-2"})).approved is None


async def test_a_wallet_that_runs_short_gives_what_it_has_and_the_rest_is_offered(world: World) -> None:
    await world.credit("O-1", 1, days=300)
    await world.opened()
    await world.worked(120)
    (debit,) = await world.on_wallet(TicketDebited)
    (short,) = await world.on_case(DebitShortfall)
    assert (debit.quantity, debit.balance) == (1, 0)
    assert (short.debit_id, short.wanted, short.missing) == (debit.debit_id, 2, 1)
    assert (short.offer_product, short.offer_quantity, short.offer_valid_until) == ("se-10", 1, date(2026, 12, 2))
    assert short.offer.lines[0].unit_price == 1_800_000
    await world.worked(30)
    assert [each.missing for each in await world.on_case(DebitShortfall)] == [1, 1], "only what is new is offered"


async def test_a_customer_without_a_wallet_falls_short_of_all(world: World) -> None:
    await world.opened()
    await world.worked(10)
    (short,) = await world.on_case(DebitShortfall)
    assert (short.wallet_id, short.wanted, short.missing) == (WALLET, 1, 1)


async def test_an_accepted_offer_is_ordered_at_its_price_and_settles_what_was_owed(world: World) -> None:
    await world.opened()
    await world.worked(120)
    (short,) = await world.on_case(DebitShortfall)
    dearer = PLAN.replace("unit_price = 1_800_000", "unit_price = 9_900_000")
    dearer = dearer.replace('"2025-04-01"', '"2026-11-19"').replace("= 2025-04-01", "= 2026-11-19")
    await world.publish(dearer)
    world.clock.advance(timedelta(days=2))
    await world.quote_accepted(f"Q-{short.debit_id}")
    order_id = "O-KP-0000-0001.1"
    (accepted,) = await world.events(streams.order(PROVIDER, order_id), OrderAccepted)
    assert (accepted.plan_version, accepted.price, accepted.tickets) == ("2025-04-01", short.offer, 10)
    await world.invoice_paid(order_id, date(2026, 11, 20))
    (credited,) = await world.on_wallet(TicketsCredited)
    (debit,) = await world.on_wallet(TicketDebited)
    assert (credited.lot_id, debit.debit_id, taken(debit)) == (order_id, "KP-0000-0001.2", [(order_id, 2)])
    (noted,) = await world.on_case(DebitNoted)
    assert noted.settles == short.debit_id
    settled = (await world.case()).shortfall(short.debit_id)
    assert settled is not None
    assert settled.missing == 0
    await world.worked(60)
    assert [each.quantity for each in await world.on_wallet(TicketDebited)] == [2, 1], "only what is new is debited"


async def test_what_a_declined_request_still_owes_is_forgiven_once_and_said_so(world: World) -> None:
    await world.opened()
    await world.worked(60)
    await world.declined()
    await world.declined()
    (short,) = await world.on_case(DebitShortfall)
    (forgiven,) = await world.on_case(ShortfallForgiven)
    assert (forgiven.debit_id, forgiven.quantity) == (short.debit_id, short.missing)


async def test_what_is_owed_is_settled_from_the_lot_that_was_bought_for_it_alone(world: World) -> None:
    await world.opened()
    await world.worked(60)
    await world.credit("O-early", 5, days=10)
    await world.quote_accepted("Q-KP-0000-0001.1")
    await world.invoice_paid("O-KP-0000-0001.1", date(2026, 11, 18))
    assert [taken(each) for each in await world.on_wallet(TicketDebited)] == [[("O-KP-0000-0001.1", 1)]]


async def test_an_order_is_paid_and_credited_once_with_the_term_of_its_plan(world: World) -> None:
    await world.quote_accepted("Q-other", product="se-5", quantity=2)
    for _ in range(2):
        await world.invoice_paid("O-other", date(2026, 11, 18))
    assert len(await world.events(streams.order(PROVIDER, "O-other"), OrderPaid)) == 1
    (credited,) = await world.on_wallet(TicketsCredited)
    assert credited.quantity == 10
    assert credited.valid_from == datetime(2026, 11, 17, 17, tzinfo=UTC)
    assert credited.expires_at == datetime(2027, 5, 17, 17, tzinfo=UTC)


async def test_an_offer_for_what_is_not_sold_is_refused_on_record(world: World) -> None:
    await world.quote_accepted("Q-other", product="se-99")
    (refused,) = await world.events(streams.order(PROVIDER, "O-other"), OrderRefused)
    assert "se-99" in refused.reasons[0]


async def test_an_invoice_for_no_order_of_ours_is_poison(world: World) -> None:
    with pytest.raises(LookupError, match="order-iij-O-9"):
        await world.invoice_paid("O-9", date(2026, 11, 18))


async def test_work_on_a_request_we_never_heard_of_is_poison(world: World) -> None:
    with pytest.raises(requests.UnknownRequest):
        await world.worked(10)


async def test_a_declined_request_gets_its_tickets_back_and_is_debited_no_more(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.credit("O-2", 1, days=90)
    before = await world.wallet()
    await world.opened(wanted_at=NOW + timedelta(days=3), wanted_minutes=60)
    await world.worked(85)
    await world.declined(clause="IIJ-09")
    (reversed_,) = await world.on_wallet(TicketDebitReversed)
    assert taken(reversed_) == [("O-2", 1), ("O-1", 1)]
    assert await world.wallet() == before
    await world.declined(clause="IIJ-09")
    await world.worked(60)
    assert len(await world.on_case(RequestDeclined)) == 1
    assert len(await world.on_wallet(TicketDebited)) == 1


async def test_a_request_that_is_decided_anew_after_it_was_declined_is_debited_again(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.opened()
    await world.worked(85)
    await world.declined()
    await world.classified()
    assert [each.debit_id for each in await world.on_wallet(TicketDebited)] == ["KP-0000-0001.1", "KP-0000-0001.2"]
    assert (await world.wallet()).balance_at(world.clock.now()) == 8


@pytest.mark.parametrize("callers", [2, 32])
async def test_of_many_debits_at_the_same_moment_for_the_last_ticket_one_gets_it(world: World, callers: int) -> None:
    await world.credit("O-1", 1, days=300)
    numbers = [f"KP-0000-{number:04d}" for number in range(callers)]
    for ticket_no in numbers:
        await world.opened(ticket_no)
    await asyncio.gather(*(world.worked(60, ticket_no) for ticket_no in numbers))
    (debit,) = await world.on_wallet(TicketDebited)
    shorts = [each for ticket_no in numbers for each in await world.on_case(DebitShortfall, ticket_no)]
    assert debit.balance == 0
    assert {each.ticket_no for each in shorts} == set(numbers) - {debit.ticket_no}
    assert (await world.wallet()).lots[0].remaining == 0


async def test_an_event_heard_twice_has_one_effect(world: World) -> None:
    await world.credit("O-1", 10, days=300)
    await world.opened()
    heard = await world.hear(world.work(60))
    await world.react(heard)
    assert len(await world.on_wallet(TicketDebited)) == 1
    assert len(await world.on_case(WorkNoted)) == 1


async def test_a_lot_expires_at_the_local_midnight_after_its_last_day_however_late_that_is_noticed(
    world: World,
) -> None:
    await world.quote_accepted("Q-other", product="se-1")
    await world.invoice_paid("O-other", date(2026, 11, 18))
    envelopes = await world.log.read_stream(streams.wallet(PROVIDER, WALLET))
    wishes = [wish for envelope in envelopes for wish in deadlines.plan(envelope)]
    (wish,) = wishes
    assert isinstance(wish, Schedule)
    assert (wish.id, wish.due_at) == ("lot-expiry:iij:O-other", datetime(2027, 2, 17, 17, tzinfo=UTC))
    world.clock.move_to(wish.due_at + timedelta(days=40))

    async def fire(work: Work) -> None:
        due = Deadline(wish.id, wish.kind, wish.provider, wish.due_at, wish.payload)
        await deadlines.DEADLINES.fire[wish.kind](due, work)

    await world.run(fire)
    await world.run(fire)
    (expired,) = await world.on_wallet(TicketsExpired)
    assert (expired.lot_id, expired.quantity, expired.occurred_at) == ("O-other", 1, wish.due_at)


async def test_a_cases_saved_state_is_what_its_events_come_to(world: World) -> None:
    await world.credit("O-1", 1, days=300)
    await world.opened(category="preventive_maintenance")
    await world.worked(85)
    await world.classified()
    await world.declined()
    state = case.Case()
    for envelope in await world.log.read_stream(CASE):
        state = case.evolve(state, envelope.event)
    assert state == await world.case() == folds.CASE.restore(folds.CASE.save(state))
    assert state.request is not None
    assert state.request.customer_id == CUSTOMER
