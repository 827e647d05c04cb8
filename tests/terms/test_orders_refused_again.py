"""An order that the terms refuse more than once: what they said last is what it is refused by."""

from collections.abc import Callable
from datetime import datetime

import pytest
from kippu_entitlement import folds, quotes
from kippu_entitlement.testing import World
from kippu_entitlement.testing.members import licensed, marked
from kippu_events.catalogue.entitlement import CoverageDecided, OrderRefused
from kippu_events.catalogue.quoting import QuoteOrderRefused
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

Local = Callable[..., datetime]
FIRST = "Q-KP-0000-0001.D1"


async def _refused_again(world: World) -> list[str]:
    """As the route does it; the clauses."""

    async def decide(work: Work) -> list[str]:
        bought = await work.load(folds.ORDER, "cwc", "order-cwc-O-KP-0000-0001.D1")
        with pytest.raises(Refused) as refused:
            await quotes.order_again(work, bought)
        await quotes.refused_again(work, bought, refused.value)
        return [*refused.value.clauses]

    return list(await world.run(decide))


@pytest.mark.clause("CWC-13", "CWC-20", "CWC-26")
async def test_what_the_terms_said_last_against_an_order_is_what_it_is_refused_by(cwc: Plan, tokyo: Local) -> None:
    """As if paid support were for no competitors, and for members."""
    source = cwc.source
    for products in ('["server-installation", "introduction-advice", "ssl-setup", "security-op', '["incidents-1", '):
        kind = "not_to_competitors" if "ssl" in products else "member_id"
        rule = source.index(f'kind = "{kind}"', source.index("[[ordering.rules]]"))
        place = source.index(products, rule)
        source = f'{source[: place + 1]}"paid-support", {source[place + 1 :]}'
    world = await World(source, VirtualClock(tokyo(2026, 11, 16, 10))).begin()
    await licensed(world)
    await world.opened(category="mail_support", asset_serial=None, topic="customising")
    await marked(world, competitor=True)
    await world.quote_accepted(FIRST, "paid-support")
    order = "order-cwc-O-KP-0000-0001.D1"
    assert await _refused_again(world) == ["CWC-20"]
    assert len(await world.events(order, OrderRefused)) == 1, "nothing new was said"

    world.clock.move_to(tokyo(2027, 12, 1, 10))  # the maintenance is over, and with it the membership
    assert await _refused_again(world) == ["CWC-20", "CWC-26"]
    await marked(world, competitor=False)
    assert await _refused_again(world) == ["CWC-26"]
    said = [each.clauses for each in await world.events(order, OrderRefused)]
    assert said == [("CWC-20",), ("CWC-20", "CWC-26"), ("CWC-26",)]
    assert [each.clauses for each in await world.on_case(QuoteOrderRefused)] == said
    stuck = (await world.on_case(CoverageDecided))[-1]
    assert [each.action for each in stuck.remedies if "CWC-26" in each.text["en"]] == ["resolve_order"]
    assert not any("CWC-20" in each.text["en"] for each in stuck.remedies)
