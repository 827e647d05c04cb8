"""SVT-19, QNP-03, NEC-Q14, CWC-13, CWC-24: what is not included is quoted; once accepted and paid, it is done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from kippu_entitlement import folds, quotes
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.testing import CUSTOMER, World
from kippu_entitlement.testing.members import licensed, marked
from kippu_events.catalogue.billing import CreditNoteIssued
from kippu_events.catalogue.entitlement import (
    AssetContract,
    CoverageDecided,
    OrderAccepted,
    OrderRefused,
    RequestDeclined,
)
from kippu_events.catalogue.quoting import QuoteForgone, QuoteOrderRefused, QuotePaid, QuoteTaken, QuoteUnserved
from kippu_events.catalogue.values import RequestDetails
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_terms.coverage import Decision
from kippu_terms.explain import explain
from kippu_terms.loading import check
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

Local = Callable[..., datetime]
UNIT = Asset(
    customer_id=CUSTOMER,
    serial="NAS-1",
    model="NAS 4-bay",
    plan_family="qnp",
    bought_from_provider=True,
    warranty_until=date(2026, 4, 30),
    area="tokyo",
    disks_from="provider",
)
FIRST, ORDER = "Q-KP-0000-0001.D1", "order-qnp-O-KP-0000-0001.D1"
ORDER_ID = "O-KP-0000-0001.D1"


def said(decision: Decision, clause: str) -> list[str]:
    """What the rules of a clause came to because a quote was accepted."""
    return [each.result for each in decision.findings if each.clause == clause and each.inputs.get("quote_accepted")]


@pytest.mark.clause("SVT-19")
@pytest.mark.parametrize(
    ("accepted", "outcome", "results"),
    [((), "quote", []), (("SVT-20",), "quote", []), (("SVT-19",), "covered", ["satisfied", "satisfied"])],
)
def test_a_chargeable_repair_goes_on_once_its_quote_is_accepted(
    report: Any, accepted: tuple[str, ...], outcome: str, results: list[str]
) -> None:
    decision = report(cause="natural_disaster", quotes_accepted=accepted)
    assert (decision.outcome, said(decision, "SVT-19")) == (outcome, results)
    served = (
        ("chargeable_repair", "repair", "sent_first")
        if results
        else ("advance_send_back", "exchange", "returned_later")
    )
    assert (decision.service, decision.way, decision.failed_part) == served
    assert decision.contract_id == "contract-1", "the register of its site is the contract's"


@pytest.mark.clause("SVT-19")
def test_what_is_refused_stays_refused_whatever_was_bought(report: Any) -> None:
    decision = report(cause="natural_disaster", quotes_accepted=("SVT-19",), status="pre_registered")
    assert (decision.outcome, decision.deciding_clause) == ("refused", "SVT-26")


@pytest.mark.clause("SVT-19", "QNP-03", "NEC-Q14", "CWC-13", "CWC-24")
@pytest.mark.parametrize(
    ("decide", "clause", "facts"),
    [
        ("report", "SVT-19", {"cause": "customer_negligence"}),
        ("ask", "QNP-03", {"warranty_until": None, "contracts": ()}),
        ("ask_nec", "NEC-Q14", {"warranty_until": None, "contracts": ()}),
        ("support", "CWC-13", {"topic": "customising"}),
        ("support", "CWC-24", {"category": "technical_service", "topic": "ssl_on_server_in_use", "keep_list": True}),
    ],
)
def test_work_that_is_paid_first_waits_for_its_payment_and_a_refused_order_for_a_person(
    request: pytest.FixtureRequest, decide: str, clause: str, facts: dict[str, Any]
) -> None:
    def decided(**of_quote: Any) -> Decision:
        quote = {"clause": clause, "quote_id": "Q-1", **of_quote}
        decision: Decision = request.getfixturevalue(decide)(**facts, quotes_accepted=(quote,))
        return decision

    unpaid, paid = decided(paid=False), decided(paid=True)
    assert (unpaid.outcome, unpaid.waiting_for, unpaid.deciding_clause) == ("waiting", "purchase", clause)
    assert unpaid.remedies[0].action == "pay_quote"
    assert paid.outcome in ("covered", "covered_by_debit")
    assert "Q-1" in [each.inputs.get("quote") for each in paid.findings if each.clause == clause]
    refused = decided(refused_by=("CWC-20",), refused_because=("it is a competitor",))
    assert (refused.outcome, refused.deciding_clause) == ("consult", clause)
    (remedy,) = (each for each in refused.remedies if each.action == "resolve_order")
    assert "CWC-20" in remedy.text["en"]
    for decision in (unpaid, paid, refused):
        assert all(explain(decision, language) for language in ("ja", "en", "th"))


@pytest.mark.clause("NEC-Q14")
def test_a_spot_repair_that_is_paid_is_a_visit(ask_nec: Any) -> None:
    decision = ask_nec(warranty_until=None, contracts=(), quotes_accepted=("NEC-Q14",))
    assert (decision.outcome, decision.service, decision.way) == ("covered", "spot_repair", "visit")
    unasked = ask_nec(warranty_until=None, contracts=())
    assert (unasked.outcome, unasked.service) == ("quote", None), "it is given for a quote alone"


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize(("accepted", "outcome"), [((), "quote"), (("QNP-03",), "covered")])
def test_a_repair_after_the_warranty_goes_on_once_its_quote_is_accepted(
    ask: Any, accepted: tuple[str, ...], outcome: str
) -> None:
    decision = ask(warranty_until=None, contracts=(), quotes_accepted=accepted)
    served = ("repair_after_warranty", "repair") if accepted else (None, None)
    assert (decision.outcome, decision.deciding_clause, decision.service, decision.way) == (outcome, "QNP-03", *served)
    assert bool(decision.remedies) == (outcome == "quote")
    assert all(explain(decision, language) for language in ("ja", "en"))


@pytest.mark.clause("CWC-13")
@pytest.mark.parametrize("facts", [{"topic": "customising"}, {"topic": "server_defect", "cause": "network_change"}])
@pytest.mark.parametrize(("accepted", "outcome"), [(("CWC-24",), "quote"), (("CWC-13",), "covered")])
def test_paid_support_is_given_once_its_quote_is_accepted(
    support: Any, facts: dict[str, Any], accepted: tuple[str, ...], outcome: str
) -> None:
    decision = support(**facts, quotes_accepted=accepted)
    assert (decision.outcome, decision.service == "paid_support") == (outcome, outcome == "covered")


@pytest.mark.clause("CWC-24")
@pytest.mark.parametrize(("accepted", "outcome"), [((), "quote"), (("CWC-24",), "covered_by_debit")])
def test_the_list_is_kept_once_the_estimate_is_accepted(support: Any, accepted: tuple[str, ...], outcome: str) -> None:
    topic = {"category": "technical_service", "topic": "ssl_on_server_in_use", "keep_list": True}
    decision = support(**topic, quotes_accepted=accepted)
    kept = [(each.about, each.answer, each.clause) for each in decision.replies]
    assert (decision.outcome, kept) == (outcome, [("kept_list", "kept", "CWC-24")] if accepted else [])


@pytest.mark.clause("SVT-19", "QNP-03", "NEC-Q14", "CWC-13", "CWC-24")
def test_the_terms_say_what_is_quoted_at_which_price_and_until_when(svt: Plan, qnp: Plan, nec: Plan, cwc: Plan) -> None:
    quoted = ((svt, "SVT-19"), (qnp, "QNP-03"), (nec, "NEC-Q14"), (cwc, "CWC-13"), (cwc, "CWC-24"))
    for plan, clause in quoted:
        offered = plan.quote(clause, date(2026, 2, 20))
        assert offered is not None
        assert (offered.clause, offered.quantity, offered.valid_until) == (clause, 1, date(2026, 3, 6))
        assert offered.price.lines[0].unit_price == plan.product(offered.product).unit_price > 0
        assert plan.product(offered.product).illustrative
        assert plan.is_prepaid(clause)
    assert svt.quote("SVT-20", date(2026, 2, 20)) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('product = "repair-after-warranty"', 'product = "advance-send-back"', "no service product"),
        ('clause = "QNP-03"\nproduct', 'clause = "QNP-16"\nproduct', "no rule of coverage is by QNP-16"),
        (
            "[[commercial.quotes]]\n",
            '[[commercial.quotes]]\nclause = "QNP-03"\nproduct = "repair-after-warranty"\nvalid_days = 1\n\n'
            "[[commercial.quotes]]\n",
            "QNP-03 is quoted twice",
        ),
        ('gives = "repair_after_warranty"', 'gives = "magic"', "no service"),
    ],
)
def test_a_quote_for_nothing_is_a_fault_of_the_plan_file(qnp: Plan, old: str, new: str, message: str) -> None:
    assert old in qnp.source
    faults = check(qnp.source.replace(old, new, 1))
    assert any(message in fault.message and "commercial.quotes" in fault.path for fault in faults), faults


def test_a_service_that_no_quote_gives_is_a_fault_of_the_plan_file(qnp: Plan) -> None:
    faults = check(qnp.source.replace('gives = "repair_after_warranty"\n', "", 1))
    assert [fault.message for fault in faults if "fulfilment.services" in fault.path] == [
        "service 'repair_after_warranty' is given only where it was quoted, and no quote gives it"
    ]


@pytest.fixture
async def world(qnp: Plan, tokyo: Local) -> World:
    """A unit whose warranty is over and that has no contract, on Friday 1 May 2026."""
    return await World(qnp.source, VirtualClock(tokyo(2026, 5, 1, 10))).begin(UNIT, replace(UNIT, serial="NAS-2"))


async def decisions(world: World) -> list[CoverageDecided]:
    return await world.on_case(CoverageDecided)


async def forgone(world: World) -> list[str]:
    return [each.quote_id for each in await world.on_case(QuoteForgone)]


@pytest.mark.clause("QNP-03")
async def test_a_decision_asks_for_one_quote_as_long_as_that_is_valid(world: World, tokyo: Local) -> None:
    await world.opened(asset_serial="NAS-1")
    await world.said(cause="wear")
    one, again = await decisions(world)
    assert one.quote is not None
    assert (one.quote.quote_id, one.quote.clause, one.quote.product) == (FIRST, "QNP-03", "repair-after-warranty")
    assert (one.quote.quantity, one.quote.valid_until) == (1, date(2026, 5, 15))
    assert again.quote == one.quote
    world.clock.move_to(tokyo(2026, 5, 15, 23, 59))
    await world.said(cause="hardware_fault")
    assert (await decisions(world))[-1].quote == one.quote
    assert await forgone(world) == []
    world.clock.move_to(tokyo(2026, 5, 16))
    await world.said(cause="wear")
    anew = (await decisions(world))[-1].quote
    assert anew is not None
    assert (anew.quote_id, anew.valid_until) == ("Q-KP-0000-0001.D4", date(2026, 5, 30))
    assert await forgone(world) == [FIRST]


@pytest.mark.clause("QNP-03")
async def test_an_accepted_quote_is_an_order_at_its_price_and_the_request_goes_on(world: World, qnp: Plan) -> None:
    await world.opened(asset_serial="NAS-1")
    dearer = qnp.source.replace("unit_price = 60_000\nillustrative = true", "unit_price = 90_000\nillustrative = true")
    assert dearer != qnp.source
    dearer = dearer.replace(f'version = "{qnp.version}"', 'version = "2026-05-02"')
    await world.publish(dearer.replace(f"effective_from = {qnp.effective_from}", "effective_from = 2026-05-02"))
    world.clock.move_to(datetime(2026, 5, 10, 10, tzinfo=qnp.zone))
    await world.quote_accepted(FIRST, "repair-after-warranty")
    (order,) = await world.events(ORDER, OrderAccepted)
    assert (order.plan_version, order.price.lines[0].unit_price, order.tickets) == (qnp.version, 60_000, 0)
    (taken,) = await world.on_case(QuoteTaken)
    assert (taken.quote_id, taken.clause, taken.order_id) == (FIRST, "QNP-03", "O-KP-0000-0001.D1")
    quoted, unpaid = await decisions(world)
    assert (quoted.outcome, unpaid.outcome, unpaid.waiting_for, unpaid.quote) == ("quote", "waiting", "purchase", None)
    await world.isolated(asset_serial="NAS-1")
    assert (await decisions(world))[-1].shipment is None, "work does not begin before it is paid"
    await world.invoice_paid("O-KP-0000-0001.D1", date(2026, 5, 11))
    (noted,) = await world.on_case(QuotePaid)
    assert (noted.quote_id, noted.order_id) == (FIRST, "O-KP-0000-0001.D1")
    covered = (await decisions(world))[-1]
    assert (covered.outcome, covered.deciding_clause, covered.service) == ("covered", "QNP-03", "repair_after_warranty")
    assert covered.shipment is not None
    assert (covered.shipment.mode, covered.shipment.clause, covered.shipment.serial) == (
        "after_repair",
        "QNP-03",
        "NAS-1",
    )
    [given] = [each for each in covered.findings if each.inputs.get("quote") == FIRST]
    assert (given.clause, given.inputs["service"]) == ("QNP-03", "repair_after_warranty")
    assert await forgone(world) == []
    await world.said(cause="wear")
    assert (await decisions(world))[-1].shipment == covered.shipment


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize("paid", [True, False])
async def test_what_came_to_nothing_ships_nothing_and_is_quoted_anew(world: World, paid: bool) -> None:
    await world.opened(asset_serial="NAS-1")
    await world.isolated(asset_serial="NAS-1")
    await world.quote_accepted(FIRST, "repair-after-warranty")
    if paid:
        await world.invoice_paid("O-KP-0000-0001.D1", world.today)
    assert ((await decisions(world))[-1].shipment is not None) is paid
    credited = CreditNoteIssued(
        occurred_at=world.clock.now(),
        credit_note_no="CN-O-KP-0000-0001.D1",
        invoice_no="INV-O-KP-0000-0001.D1",
        customer_id=CUSTOMER,
        issued_on=world.today,
        net=60_000,
        taxes=(),
        total=66_000,
        currency="JPY",
        paid_back=66_000 if paid else 0,
        reason="called off",
    )
    await world.hear(credited)
    anew = (await decisions(world))[-1]
    assert (anew.outcome, anew.shipment) == ("quote", None)
    assert anew.quote is not None
    assert anew.quote.quote_id != FIRST
    assert await forgone(world) == [FIRST]


@pytest.mark.clause("QNP-03")
async def test_another_device_is_another_repair(world: World) -> None:
    await world.opened(asset_serial="NAS-1")
    await world.quote_accepted(FIRST, "repair-after-warranty")
    await world.classified(asset_serial="NAS-2")
    last = (await decisions(world))[-1]
    assert last.outcome == "quote"
    assert last.quote is not None
    assert last.quote.quote_id == "Q-KP-0000-0001.D3"


@pytest.mark.clause("QNP-03")
async def test_a_quote_is_forgone_once_the_request_is_decided_otherwise_or_declined(world: World) -> None:
    await world.opened(asset_serial="NAS-1")
    await world.register(replace(UNIT, serial="NAS-3", warranty_until=date(2027, 4, 30)))
    await world.classified(asset_serial="NAS-3")
    assert ((await decisions(world))[-1].outcome, await forgone(world)) == ("covered", [FIRST])
    await world.classified(asset_serial="NAS-2")
    await world.declined(clause="QNP-03")
    assert await forgone(world) == [FIRST, "Q-KP-0000-0001.D3"]


@pytest.mark.clause("QNP-03")
async def test_one_accepted_at_the_moment_of_declining_is_ordered_and_decides_nothing(world: World) -> None:
    await world.opened(asset_serial="NAS-1")
    await world.declined(clause="QNP-03")
    await world.quote_accepted(FIRST, "repair-after-warranty")
    await world.invoice_paid("O-KP-0000-0001.D1", world.today)
    assert len(await world.events(ORDER, OrderAccepted)) == 1
    assert len(await world.on_case(QuotePaid)) == 1
    unserved = await world.on_case(QuoteUnserved)
    assert {(each.quote_id, each.order_id, each.clause) for each in unserved} == {(FIRST, ORDER_ID, "QNP-03")}
    assert len(await decisions(world)) == 1
    assert (await world.case()).declined


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize("paid", [False, True])
async def test_what_was_ordered_for_a_request_comes_to_nothing_once_that_is_declined(world: World, paid: bool) -> None:
    await world.opened(asset_serial="NAS-1")
    await world.quote_accepted(FIRST, "repair-after-warranty")
    if paid:
        await world.invoice_paid(ORDER_ID, world.today)
    assert await world.on_case(QuoteUnserved) == []
    await world.declined(clause="QNP-03")
    (unserved,) = await world.on_case(QuoteUnserved)
    assert (unserved.quote_id, unserved.order_id) == (FIRST, ORDER_ID)
    assert await forgone(world) == []


@pytest.mark.clause("SVT-19")
async def test_a_chargeable_repair_is_ordered_and_then_ships(svt: Plan, tokyo: Local) -> None:
    contract = AssetContract(
        contract_id="C-1",
        product="advance-1y",
        valid_from=date(2026, 1, 10),
        valid_until=date(2027, 1, 9),
        registered_at=tokyo(2026, 2, 1),
        status="active",
    )
    switch = replace(UNIT, plan_family="svt", height_cm=120, remote_island=False, contracts=(contract,))
    world = await World(svt.source, VirtualClock(tokyo(2026, 6, 1, 10))).begin(switch)
    await world.opened(asset_serial="NAS-1", details=RequestDetails(cause="natural_disaster"))
    (quoted,) = await decisions(world)
    assert (quoted.outcome, quoted.deciding_clause, quoted.shipment) == ("quote", "SVT-19", None)
    assert quoted.quote is not None
    await world.quote_accepted(quoted.quote.quote_id, quoted.quote.product)
    (order,) = await world.events("order-svt-O-KP-0000-0001.D1", OrderAccepted)
    assert (order.price, order.refundable_until, order.register_by) == (quoted.quote.price, None, None)
    assert (await decisions(world))[-1].waiting_for == "purchase"
    await world.invoice_paid("O-KP-0000-0001.D1", world.today)
    assert (await decisions(world))[-1].deciding_clause == "SVT-14", "it goes on, to where the fault is isolated"
    await world.isolated(asset_serial="NAS-1")
    covered = (await decisions(world))[-1]
    assert (covered.outcome, covered.deciding_clause) == ("covered", "SVT-19")
    assert covered.shipment is not None
    assert (covered.shipment.mode, covered.shipment.serial) == ("after_repair", "NAS-1"), "what was bought is a repair"
    assert covered.shipment.destination is not None
    assert covered.shipment.destination.contract_id == "C-1", "it goes back to the registered site"


async def _again(world: World) -> None:
    async def decide(work: Work) -> None:
        await quotes.order_again(work, await work.load(folds.ORDER, "cwc", "order-cwc-O-KP-0000-0001.D1"))

    await world.run(decide)


@pytest.mark.clause("CWC-13", "CWC-20")
async def test_a_refused_order_is_shown_on_the_request_until_a_person_settles_it(cwc: Plan, tokyo: Local) -> None:
    """As if paid support were for no competitors, either."""
    limited = 'products = ["server-installation", "introduction-advice", "ssl-setup", "security-option"'
    strict = f'kind = "not_to_competitors"\nclause = "CWC-20"\n{limited}'
    assert strict in cwc.source
    source = cwc.source.replace(strict, strict.replace("[", '["paid-support", ', 1))
    world = await World(source, VirtualClock(tokyo(2026, 11, 16, 10))).begin()
    await licensed(world)
    asked = {"category": "mail_support", "asset_serial": None, "topic": "customising"}
    await world.opened(**asked)
    await marked(world, competitor=True)
    await world.quote_accepted(FIRST, "paid-support")
    (refused,) = await world.events("order-cwc-O-KP-0000-0001.D1", OrderRefused)
    (noted,) = await world.on_case(QuoteOrderRefused)
    assert refused.clauses == noted.clauses == ("CWC-20",)
    assert refused.quote_id == noted.quote_id == FIRST, "so that billing can follow it"
    stuck = (await decisions(world))[-1]
    assert (stuck.outcome, stuck.deciding_clause) == ("consult", "CWC-13")
    assert [each.action for each in stuck.remedies if "CWC-20" in each.text["en"]] == ["resolve_order"]
    with pytest.raises(Refused):
        await _again(world)
    await marked(world, competitor=False)
    await _again(world)
    assert (await decisions(world))[-1].waiting_for == "purchase"
    assert (await world.order("O-KP-0000-0001.D1")).status == "accepted"
    (settled,) = await world.events("order-cwc-O-KP-0000-0001.D1", OrderAccepted)
    assert settled.quote_id == FIRST
    with pytest.raises(Refused) as twice:
        await _again(world)
    assert twice.value.faults[0].code == "order_not_refused"
    await world.invoice_paid("O-KP-0000-0001.D1", world.today)
    assert (await decisions(world))[-1].service == "paid_support"


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize("accepted", [False, True])
async def test_closed_before_it_was_paid_it_is_not_served(world: World, accepted: bool) -> None:
    await world.opened(asset_serial="NAS-1")
    if accepted:
        await world.quote_accepted(FIRST, "repair-after-warranty")
    await world.closed()
    assert await forgone(world) == ([] if accepted else [FIRST])
    assert [each.order_id for each in await world.on_case(QuoteUnserved)] == ([ORDER_ID] if accepted else [])
    assert (await world.case()).declined
    await world.closed()
    assert len(await world.on_case(RequestDeclined)) == 1


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize("begun", ["paid", "worked", "covered"])
async def test_closed_after_anything_was_paid_or_done_a_person_decides(world: World, begun: str) -> None:
    await world.opened(asset_serial="NAS-1")
    if begun == "covered":
        await world.register(replace(UNIT, serial="NAS-3", warranty_until=date(2027, 4, 30)))
        await world.classified(asset_serial="NAS-3")
    elif begun == "worked":
        await world.worked(30)
    else:
        await world.quote_accepted(FIRST, "repair-after-warranty")
        await world.invoice_paid(ORDER_ID, world.today)
    await world.closed()
    assert await world.on_case(RequestDeclined) == []


@pytest.mark.clause("QNP-03")
async def test_a_refused_order_of_a_request_that_is_declined_waits_for_nobody(world: World) -> None:
    await world.opened(asset_serial="NAS-1")
    await world.quote_accepted(FIRST, "no-such-product")
    assert [each.quote_id for each in await world.on_case(QuoteOrderRefused)] == [FIRST]
    await world.declined(clause="QNP-03")
    assert [each.quote_id for each in await world.on_case(QuoteUnserved)] == [FIRST]


@pytest.mark.clause("CWC-13", "CWC-18", "CWC-23", "CWC-24")
@pytest.mark.parametrize("product", ["paid-support", "list-keeping"])
async def test_what_is_quoted_for_a_server_can_be_ordered(cwc: Plan, tokyo: Local, product: str) -> None:
    world = await World(cwc.source, VirtualClock(tokyo(2026, 11, 16, 10))).begin()
    await world.quote_accepted("Q-early", product)
    (refused,) = await world.events("order-cwc-O-early", OrderRefused)
    assert refused.clauses == (("CWC-18",) if product == "list-keeping" else ("CWC-23",))  # bought no licence
    await licensed(world)
    await world.quote_accepted("Q-first", product)
    (accepted,) = await world.events("order-cwc-O-first", OrderAccepted)
    assert accepted.price.lines[0].unit_price == cwc.product(product).unit_price
