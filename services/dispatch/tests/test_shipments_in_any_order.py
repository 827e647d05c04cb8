"""Whatever is reported, in whatever order: nothing ships twice, one return is due for one shipment, and no unit stays
reserved for a request that has ended."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from kippu_dispatch.domain import planning, reports, returns
from kippu_dispatch.domain import unit as units
from kippu_dispatch.domain.shipment import Shipments, Status, evolve
from kippu_dispatch.testing import SPARE, after, at, decided, needed, repaired_first, terms
from kippu_events.catalogue.fulfilment import ShipmentNeed
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    ReturnExpected,
    ReturnOverdue,
    ShipmentWithdrawn,
    UnitDelivered,
    UnitReturned,
    UnitShipped,
)
from kippu_events.event import Event
from kippu_events.work import Fold
from kippu_terms.refusal import Refused

FOLD = Fold(Shipments, Shipments, evolve, version=1)
SERIALS = ("SPARE-1", "SPARE-2")


class Room:
    """Two requests and two spare units, with a clock that only goes on; refused reports change nothing."""

    def __init__(self) -> None:
        self.now = at(7)
        self.shipments = {"A": Shipments(), "B": Shipments()}
        self.units = dict.fromkeys(SERIALS, SPARE)
        self.events: list[Event] = []
        self.away: set[str | None] = set()
        """The spare units that have left, and did not come back undelivered."""
        self.decisions = 0

    def record(self, request: str, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ShipmentWithdrawn | DeliveryFailed):
                shipment = self.shipments[request].find(event.shipment_id)
                self.away.discard(shipment.serial)
                if isinstance(event, ShipmentWithdrawn) and shipment.serial in self.units:
                    self.release(shipment.shipment_id, request)
            if isinstance(event, UnitShipped) and event.serial in self.units:
                assert event.serial not in self.away, "a spare unit leaves again only once it came back"
                self.away.add(event.serial)
        self.events += events
        self.shipments[request] = FOLD.restore(FOLD.save(after(*events, given=self.shipments[request])))

    def release(self, shipment_id: str, request: str) -> None:
        shipment = self.shipments[request].find(shipment_id)
        assert shipment.serial is not None
        event = planning.release(shipment, shipment.serial, self.now)
        self.units[shipment.serial] = units.evolve(self.units[shipment.serial], event)

    def decide(self, request: str, need: ShipmentNeed | None) -> None:
        self.decisions += 1
        decision = decided(need, self.decisions).model_copy(update={"ticket_no": request})
        self.record(request, planning.plan(self.shipments[request], decision, self.now))

    def reserve(self, request: str, shipment_id: str, serial: str) -> None:
        state = self.shipments[request]
        allotment, reservation = reports.reserve(state, shipment_id, self.units[serial], serial, self.now)
        if state.find(shipment_id).serial:
            self.release(shipment_id, request)
        self.units[serial] = units.evolve(self.units[serial], reservation)
        self.record(request, [allotment])

    def act(self, what: str, request: str, which: int, serial: str) -> None:
        state = self.shipments[request]
        shipment_id = state.all[which % len(state.all)].shipment_id if state.all else "none"
        if what == "go" and state.all:
            shipment = state.all[which % len(state.all)]
            mode = "repair" if shipment.is_repaired_first else "reserve"
            what = NEXT.get(shipment.status, mode)
        match what:
            case "stop":
                self.record(request, planning.stop(state, request, "customer-1", self.now, "closed"))
            case "reopen":
                self.record(request, planning.resume(state, request, "customer-1", self.now))
            case "reserve":
                self.reserve(request, shipment_id, serial)
            case "ship":
                self.record(request, [reports.ship(state, shipment_id, self.now, None, self.now)])
            case "fail":
                failed = reports.fail(state, shipment_id, self.now, "x", self.now)
                self.record(request, planning.after_failure(state, failed))
            case "deliver":
                self.record(request, reports.deliver(state, shipment_id, self.now, self.now))
            case "repair":
                day = self.now.date()
                self.record(request, [reports.receive_for_repair(state, shipment_id, "NAS-1", day, self.now)])
            case "complete":
                self.record(request, [reports.complete_repair(state, shipment_id, None, self.now.date(), self.now)])
            case "return":
                self.record(request, returns.receive(state, shipment_id, "NAS-1", self.now.date(), self.now))
            case "overdue":
                self.record(request, returns.fall_overdue(state, shipment_id))
            case "remind":
                self.record(request, returns.remind(state, shipment_id, self.now))


NEEDS = (
    None,
    needed(),
    needed(serial="NAS-2"),
    needed(part="disk", returns=terms(kept_parts=("disk",))),
    repaired_first(),
    needed(part="disk", inside=True),
)
NEXT = {
    Status.ALLOTTED: "ship",
    Status.IN_REPAIR: "complete",
    Status.REPAIRED: "ship",
    Status.SHIPPED: "deliver",
    Status.FAILED: "ship",
    Status.DELIVERED: "return",
}
"""What usually comes next, so that chance also comes to the end of a shipment."""
WORDS = ("stop", "reopen", "reserve", "ship", "fail", "deliver", "repair", "complete", "return", "overdue", "remind")
decisions = st.tuples(st.just("decide"), st.sampled_from("AB"), st.integers(0, 5), st.sampled_from(SERIALS))
usual = st.tuples(st.just("go"), st.sampled_from("AB"), st.integers(0, 3), st.sampled_from(SERIALS))
said = st.tuples(st.sampled_from(WORDS), st.sampled_from("AB"), st.integers(0, 3), st.sampled_from(SERIALS))


@given(st.lists(decisions | said | usual | usual, min_size=20, max_size=60))
def test_no_order_of_reports_ships_twice_or_expects_two_returns(steps: list[tuple[str, str, int, str]]) -> None:
    room = Room()
    for what, request, which, serial in steps:
        room.now += timedelta(days=1)
        try:
            if what == "decide":
                room.decide(request, NEEDS[which])
            else:
                room.act(what, request, which, serial)
        except Refused:
            continue
    of: dict[str, list[Event]] = {}
    for event in room.events:
        of.setdefault(getattr(event, "shipment_id", ""), []).append(event)
    for request, state in room.shipments.items():
        assert sum(each.is_waiting for each in state.all) <= 1
        served = [(each.need.serial, each.need.part) for each in state.all if each.status is not Status.WITHDRAWN]
        assert len(served) == len(set(served)), f"{request} ships twice for one unit"
        for shipment in state.all:
            _holds(of[shipment.shipment_id], shipment.need)
    for request, state in room.shipments.items():
        room.record(request, planning.stop(state, request, "customer-1", room.now, "closed"))
        for shipment in room.shipments[request].all:
            held = [unit for unit in room.units.values() if unit.reserved_for == shipment.shipment_id]
            assert not held or shipment.status in (Status.SHIPPED, Status.DELIVERED), "what has ended holds no unit"


def _holds(events: list[Event], need: ShipmentNeed) -> None:
    def count(kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in events)

    attempts = [event.attempt for event in events if isinstance(event, UnitShipped)]
    assert attempts == list(range(1, len(attempts) + 1))
    assert count(UnitDelivered) <= min(1, len(attempts))
    advance = need.returns is not None and need.part not in need.returns.kept_parts
    assert count(ReturnExpected) == (count(UnitDelivered) if advance else 0), "one due return per advance shipment"
    assert count(UnitReturned) <= count(ReturnExpected)
    assert count(ReturnOverdue) <= count(ReturnExpected)
    came_back = count(DeliveryFailed) == len(attempts)
    assert not count(ShipmentWithdrawn) or came_back, "what was withdrawn never left, or was back"
