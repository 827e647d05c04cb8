"""What a decision asks of dispatch, pinned from the terms: a unit to ship or a visit, by when, and what comes back.

Nothing is asked before the fault is isolated: until then the decision says which service it will be, and what is to be
done first. Dispatch and billing need no plan.
"""

from datetime import datetime, timedelta
from typing import Literal, get_args

from kippu_events.catalogue.entitlement import VisitNeed
from kippu_events.catalogue.fulfilment import Destination, ReturnTerms, ShipmentNeed, Stretch, Target
from kippu_events.catalogue.hours import DateException, ServiceHours, Weekday, WeeklyShift
from kippu_events.catalogue.values import Price, Remedy
from kippu_terms.clock import Stretch as TermsStretch
from kippu_terms.coverage import Decision
from kippu_terms.plan import Plan
from kippu_terms.pricing import price
from kippu_terms.returns import return_terms
from kippu_terms.targets import Target as TermsTarget

ASSUMED_MINUTES = 60
"""Of a visit, under terms that say nothing of it."""
CLOSED_DAYS_AHEAD = 100
"""Days for which a visit knows on which of them its service is not given."""
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
RECORD_ISOLATION = {
    "en": "Isolate the fault and record it: targets count from then on, and nothing ships before.",
    "ja": "障害の切り分けを行い、記録してください。目標日時はその時点から起算され、それまで出荷は行われません。",
    "th": "แยกแยะสาเหตุของเหตุขัดข้องและบันทึกไว้ เป้าหมายเริ่มนับจากเวลานั้น และจะไม่มีการจัดส่งก่อนหน้านั้น",
}

_KINDS: dict[str, Literal["ship", "arrive", "answer"]] = {"ship": "ship", "visit": "arrive", "answer": "answer"}


def target_of(target: TermsTarget) -> Target:
    """As it is published: a day for a target in business days, an instant for one in hours or one that begins then."""
    in_days = target.clock.counts == "business_days" and target.bound == "by"
    return Target(
        kind=_KINDS[target.kind],
        clause=target.clause,
        started_at=target.clock.starts_at,
        bound=target.bound,
        due_on=target.due_on if in_days else None,
        due_at=None if in_days else target.due_at,
        calendar_version=target.clock.calendar,
        time_zone=target.time_zone,
        stretches=tuple(_stretch(each) for each in target.clock.stretches),
    )


def _stretch(stretch: TermsStretch) -> Stretch:
    return Stretch(
        from_at=stretch.begins_at,
        to_at=stretch.ends_at,
        state=stretch.state,
        reason=None if stretch.state == "open" else stretch.reason,
        names=stretch.names,
    )


def shipment(plan: Plan, decision: Decision) -> ShipmentNeed | None:
    """A replacement in advance (QNP-01), or what was repaired once it was received and repaired (QNP-02, QNP-03)."""
    asset, request = decision.facts.asset, decision.facts.request
    if not _is_to_be_done(decision) or decision.way not in ("exchange", "repair") or asset is None:
        return None
    in_advance, again = decision.way == "exchange", plan.fulfilment.reshipment
    return ShipmentNeed(
        mode="advance" if in_advance else "after_repair",
        clause=_clause(plan, decision),
        serial=asset.serial,
        model=asset.model or "",
        part=request.part,
        inside=request.part is not None and asset.part_of is None,
        target=_shipping_target(decision) if in_advance else None,
        returns=_returns(plan, decision) if in_advance else None,
        reship_charge=_charge(plan, again.charge_product) if again else None,
        reship_clause=again.clause if again else None,
        destination=_destination(decision),
        time_zone=plan.time_zone,
    )


def _destination(decision: Decision) -> Destination:
    """The place that the request names; where none is named, the site that is registered with the contract (SVT-20)."""
    request = decision.facts.request
    named = request.ship_to == "named_place" and request.place_id is not None
    judged = (each for each in decision.findings if each.rule == "remote_island" and each.result == "satisfied")
    return Destination(
        kind="named_place" if named else "registered_site",
        place_id=request.place_id if named else None,
        contract_id=decision.contract_id,
        clause=next((each.clause for each in judged), None),
    )


def _charge(plan: Plan, product: str) -> Price:
    """Worded in the provider's language."""
    return Price.model_validate(price(plan, product, 1, plan.languages[0]).model_dump())


def _shipping_target(decision: Decision) -> Target | None:
    return next((target_of(each) for each in decision.targets if each.kind == "ship"), None)


def _returns(plan: Plan, decision: Decision) -> ReturnTerms | None:
    """A part that is handed over is the customer's to keep, whatever else the terms expect back."""
    part, kept = decision.facts.request.part, decision.failed_part == "handed_over"
    terms = return_terms(plan) if kept else decision.returns
    if terms is None:
        return None
    return ReturnTerms.model_validate({**terms.model_dump(), "kept_parts": (part,) if kept and part else ()})


def visit(plan: Plan, decision: Decision) -> VisitNeed | None:
    """Work at a time that the customer wants (IIJ-09), or on site once the fault is isolated (QNP-08 to QNP-11)."""
    wanted, asset, request = decision.visit, decision.facts.asset, decision.facts.request
    aim = next((each for each in decision.targets if each.kind == "visit"), None)
    if decision.way != "visit":
        return VisitNeed(**wanted.model_dump(), area=asset.area if asset else None) if wanted else None
    if asset is None or request.isolated_at is None or not _is_served(decision):
        return None
    settings = plan.fulfilment.visits
    earliest = _earliest(plan, aim) if aim else _open(plan, decision, max(request.received_at, request.isolated_at))
    at = wanted.wanted_at if wanted else earliest
    days = (plan.calendar.local_date(at) - plan.calendar.local_date(request.received_at)).days
    return VisitNeed(
        wanted_at=at,
        minutes=wanted.minutes if wanted else settings.assumed_minutes if settings else ASSUMED_MINUTES,
        held=wanted.held if wanted else True,
        notice_days=wanted.notice_days if wanted else days,
        clause=wanted.clause if wanted else aim.clause if aim else _clause(plan, decision),
        target=target_of(aim) if aim else None,
        to_agree=wanted is None,
        serial=asset.serial,
        model=asset.model,
        part=request.part,
        failed_part=_failed_part(decision),
        failed_part_clause=_failed_part_clause(decision),
        area=asset.area,
        skill=plan.fulfilment.service(decision.service).skill if decision.service else None,
        service_hours=_service_hours(plan, decision, at),
    )


def _earliest(plan: Plan, aim: TermsTarget) -> datetime:
    """The first instant that fits the target, which the visit is agreed from: the dispatcher finds when."""
    if aim.bound == "from":
        return aim.due_at
    if aim.clock.counts == "hours":
        return aim.clock.starts_at
    hours = plan.fulfilment.service(aim.service).reception
    opening = plan.calendar.opening(hours, aim.due_on) if hours else None
    return max(aim.clock.starts_at, opening[0]) if opening else aim.clock.starts_at


def _open(plan: Plan, decision: Decision, at: datetime) -> datetime:
    """The first instant from then on that is within the service's hours (SVT-25)."""
    hours = plan.fulfilment.service(decision.service).reception if decision.service else None
    return plan.calendar.counts_from(hours, at) if hours else at


def _service_hours(plan: Plan, decision: Decision, since: datetime) -> ServiceHours | None:
    """The week of the service's hours, with the closed days of the time in which a visit is mostly agreed on."""
    name = plan.fulfilment.service(decision.service).reception if decision.service else None
    if name is None:
        return None
    calendar, hours, first = plan.calendar, plan.calendar.hours[name], plan.calendar.local_date(since)
    times = [(hours.opens, hours.closes)]
    if hours.pause is not None:
        times = [(hours.opens, hours.pause[0]), (hours.pause[1], hours.closes)]
    days = (first + timedelta(days=ahead) for ahead in range(CLOSED_DAYS_AHEAD))
    return ServiceHours(
        time_zone=plan.time_zone,
        weekly=tuple(
            WeeklyShift(weekday=WEEKDAYS[weekday], starts=starts, ends=ends, on_holidays=hours.on_holidays)
            for weekday in sorted(hours.weekdays)
            for starts, ends in times
        ),
        exceptions=tuple(
            DateException(on=day)
            for day in days
            if day.weekday() in hours.weekdays and not hours.on_holidays and calendar.is_closed(day)
        ),
    )


def _failed_part(decision: Decision) -> Literal["taken_away", "handed_over"] | None:
    match decision.failed_part:
        case "taken_away" | "handed_over" as becomes:
            return becomes
        case _:
            return None


def _failed_part_clause(decision: Decision) -> str | None:
    """Of the option, where the part is handed over under one; else of the rule that says what becomes of parts."""
    kept = decision.failed_part == "handed_over"
    rules = ("retained_part",) if kept else ("failed_part", "service_given")
    found = (each.clause for each in decision.findings if each.rule in rules and each.result in ("satisfied", "note"))
    return next(found, None)


def remedies(plan: Plan, decision: Decision) -> tuple[Remedy, ...]:
    """The terms' own; and the isolation, as long as everything waits for that."""
    own = tuple(Remedy(**remedy.model_dump(mode="json")) for remedy in decision.remedies)
    if _is_served(decision) and decision.way in ("exchange", "repair", "visit") and not _is_isolated(decision):
        return (*own, Remedy(action="record_isolation", clause=_clause(plan, decision), text=RECORD_ISOLATION))
    return own


def carriage_paid_by(plan: Plan, decision: Decision) -> Literal["sender", "provider", "customer"] | None:
    """Who pays for what ships (QNP-07); None where nothing does."""
    carriage = plan.fulfilment.carriage
    return carriage.paid_by if carriage and decision.way in ("exchange", "repair") else None


def _is_to_be_done(decision: Decision) -> bool:
    return _is_served(decision) and _is_isolated(decision)


def _is_served(decision: Decision) -> bool:
    return decision.outcome in ("covered", "covered_by_debit")


def _is_isolated(decision: Decision) -> bool:
    return decision.facts.request.isolated_at is not None


def _clause(plan: Plan, decision: Decision) -> str:
    """Of the service that is given."""
    if decision.service is None:
        raise AssertionError("a decision with a way of serving names the service")
    return plan.fulfilment.service(decision.service).clause
