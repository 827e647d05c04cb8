"""For tests: a decision, a need, and the shipments of a request in each state that reports bring them to."""

from collections.abc import Callable
from datetime import date, datetime
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.fulfilment import ReturnTerms, ShipmentNeed, Target
from kippu_events.catalogue.values import Outcome, Price, PriceLine
from kippu_events.event import Event
from kippu_terms.refusal import Refused

from kippu_dispatch.domain import planning, reports
from kippu_dispatch.domain.shipment import Shipments, evolve
from kippu_dispatch.domain.unit import Unit

TOKYO = ZoneInfo("Asia/Tokyo")
TICKET = "KP-0000-0001"
S1, S2 = f"{TICKET}.S1", f"{TICKET}.S2"
ISOLATED = datetime(2026, 5, 1, 16, 0, tzinfo=TOKYO)
SPARE = Unit("nas-4")


def price(amount: int) -> Price:
    line = PriceLine(product="x", description="x", quantity=1, unit_price=amount, tax_rate_permyriad=1000)
    return Price(
        currency="JPY",
        lines=(line,),
        tax_name="消費税",
        tax_rounding="down",
        payment_days=30,
        time_zone="Asia/Tokyo",
    )


def needed(*, serial: str = "NAS-1", **changes: Any) -> ShipmentNeed:
    target = Target(
        kind="ship", clause="QNP-01", started_at=ISOLATED, due_on=date(2026, 5, 7), calendar_version="2026-1"
    )
    terms = ReturnTerms(
        clause="QNP-01", days=14, remind_days_before=3, overdue_charge=price(80_000), late_return="credited"
    )
    usual: dict[str, Any] = {
        "mode": "advance",
        "clause": "QNP-01",
        "serial": serial,
        "model": "nas-4",
        "target": target,
        "returns": terms,
        "reship_charge": price(1_500),
        "reship_clause": "SVT-23",
        "time_zone": "Asia/Tokyo",
    }
    return ShipmentNeed(**{**usual, **changes})


def terms(**changes: Any) -> ReturnTerms:
    usual = needed().returns
    assert usual is not None
    return usual.model_copy(update=changes)


def repaired_first() -> ShipmentNeed:
    return needed(mode="after_repair", clause="QNP-02", target=None, returns=None, reship_charge=None)


def coverage(ticket_no: str = TICKET, decision: int = 1, **changes: Any) -> CoverageDecided:
    """A request is covered; of what is to be done, what is named."""
    usual: dict[str, Any] = {
        "occurred_at": ISOLATED,
        "customer_id": "customer-1",
        "contact_id": "contact-1",
        "plan_family": "qnp",
        "plan_version": "2025-04-01",
        "outcome": Outcome.COVERED,
        "deciding_clause": "QNP-01",
        "findings": (),
        "remedies": (),
        "facts": {},
    }
    return CoverageDecided(ticket_no=ticket_no, decision=decision, **usual | changes)


def decided(need: ShipmentNeed | None, decision: int = 1) -> CoverageDecided:
    return coverage(decision=decision, shipment=need)


def after(*events: Event, given: Shipments | None = None) -> Shipments:
    return reduce(evolve, events, given or Shipments())


def at(day: int, hour: int = 12, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=TOKYO)


def planned(need: ShipmentNeed | None = None) -> Shipments:
    return after(*planning.plan(Shipments(), decided(need or needed()), ISOLATED))


def allotted(need: ShipmentNeed | None = None) -> Shipments:
    state = planned(need)
    return after(reports.reserve(state, S1, SPARE, "SPARE-1", at(7))[0], given=state)


def shipped(need: ShipmentNeed | None = None) -> Shipments:
    state = allotted(need)
    return after(reports.ship(state, S1, at(7), "CARRIER-1", at(7)), given=state)


def failed(need: ShipmentNeed | None = None) -> Shipments:
    state = shipped(need)
    return after(reports.fail(state, S1, at(8), "nobody there", at(8)), given=state)


def delivered(need: ShipmentNeed | None = None) -> Shipments:
    """On 10 May: due back by the 24th."""
    state = shipped(need)
    return after(*reports.deliver(state, S1, at(10), at(10)), given=state)


def withdrawn() -> Shipments:
    state = planned()
    return after(*planning.plan(state, decided(None, 2), at(2)), given=state)


def codes(act: Callable[[], object], kind: str) -> set[str]:
    with pytest.raises(Refused) as refused:
        act()
    assert refused.value.kind == kind
    return {fault.code for fault in refused.value.faults}


def types(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]
