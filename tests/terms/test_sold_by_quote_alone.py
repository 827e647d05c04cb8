"""SVT-19, QNP-03, NEC-Q14, CWC-13, CWC-24: what is quoted from case to case is bought by accepting a quote alone."""

from collections.abc import Callable
from datetime import datetime

import pytest
from kippu_entitlement import booking, ordering
from kippu_entitlement.domain.order import Place
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.catalogue.entitlement import OrderAccepted
from kippu_events.catalogue.values import Channel
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_terms.loading import check
from kippu_terms.orders.deciding import decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

Local = Callable[..., datetime]


@pytest.mark.clause("SVT-19", "QNP-03", "NEC-Q14")
@pytest.mark.parametrize(
    ("family", "product", "clause"),
    [
        ("svt", "chargeable-repair", "SVT-19"),
        ("qnp", "repair-after-warranty", "QNP-03"),
        ("nec", "spot-repair", "NEC-Q14"),
    ],
)
def test_a_repair_is_bought_by_accepting_its_quote_alone(
    request: pytest.FixtureRequest, family: str, product: str, clause: str
) -> None:
    plan: Plan = request.getfixturevalue(family)
    wish = {"provider": plan.provider, "product": product, "ordered_on": "2026-05-01", "agreed": True}
    unquoted = decide_order(plan, OrderFacts.model_validate(wish))
    assert (unquoted.outcome, unquoted.deciding_clause) == ("quote", clause)
    assert [(fault.field, fault.clause) for fault in unquoted.faults] == [("product", clause)]
    assert decide_order(plan, OrderFacts.model_validate({**wish, "quoted": True})).outcome == "accepted"


@pytest.mark.clause("CWC-13", "CWC-24")
@pytest.mark.parametrize(("product", "clause"), [("paid-support", "CWC-13"), ("list-keeping", "CWC-24")])
@pytest.mark.parametrize("way", ["order", "book"])
async def test_it_is_neither_ordered_nor_booked_without_one(
    cwc: Plan, tokyo: Local, product: str, clause: str, way: str
) -> None:
    world = await World(cwc.source, VirtualClock(tokyo(2026, 11, 16, 10))).begin()

    async def decide(work: Work) -> None:
        if way == "order":
            place = Place("O-2", CUSTOMER, "cwc", product, 1, world.today, contact_id="contact-1")
            await ordering.place(work, "cwc", cwc, place, ordering.Said(agreed=True), "ja")
            return
        wanted = booking.Wanted(
            booking_id="O-2",
            customer_id=CUSTOMER,
            contact_id="contact-1",
            product=product,
            starts_at=tokyo(2026, 12, 10, 14),
            minutes=60,
            paid_by="invoice",
            channel=Channel.MAIL,
        )
        await booking.book(work, cwc, wanted, "ja")

    with pytest.raises(Refused) as refused:
        await world.run(decide)
    assert ("by_quote", clause) in [(fault.code, fault.clause) for fault in refused.value.faults]
    assert await world.events("order-cwc-O-2", OrderAccepted) == []


def test_a_product_that_no_quote_offers_is_a_fault_of_the_plan_file(qnp: Plan) -> None:
    option = 'id = "non-return-disk"\n'
    never = qnp.source.replace(option, f"{option}quoted_only = true\n", 1)
    (fault,) = check(never)
    assert fault.message == "product 'non-return-disk' is sold only where it was quoted, and no quote offers it"
    assert never.splitlines()[fault.line - 1] == "quoted_only = true"
    offered = 'id = "technical-tickets-5"\n'
    assert check(qnp.source.replace(offered, f"{offered}quoted_only = true\n", 1)) == [], (
        "offered as a wallet runs empty"
    )


def test_what_is_prepared_for_a_product_that_nobody_can_book_is_a_fault_of_the_plan_file(cwc: Plan) -> None:
    prepared = cwc.source.replace('services = ["ssl-setup"', 'services = ["list-keeping", "ssl-setup"', 1)
    assert prepared != cwc.source
    assert [fault.message for fault in check(prepared)] == ["no booked service product 'list-keeping' is defined"]
