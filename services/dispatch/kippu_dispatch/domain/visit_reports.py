"""What the dispatcher says about a visit. Each names every fault at once, and changes nothing if there is one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from kippu_events.catalogue.dispatch import (
    PartHandedOver,
    UnitExchanged,
    VisitAssigned,
    VisitBooked,
    VisitCompleted,
    VisitDeclined,
    VisitPostponed,
)
from kippu_events.event import Event
from kippu_terms.refusal import Fault, Refused

from kippu_dispatch.domain.visit import AGREED, IN_WORDS, Status, Visit, Visits, identity


def book(
    visits: Visits, visit_id: str, starts_at: datetime | None, minutes: int | None, by: str, now: datetime
) -> VisitBooked:
    """Somebody was found: for the time that was agreed, or for the wanted one where `starts_at` is None.

    `minutes` stays as it was where it is None.
    """
    visit = _find(visits, visit_id)
    agreed_at = starts_at or visit.starts_at
    faults = []
    if starts_at is None and agreed_at <= now:
        faults.append(Fault("visit.past", "the wanted time has passed: agree on another, or decline the visit", None))
    if starts_at is not None and starts_at <= now:
        message = f"the agreed time must be later than now, {now.isoformat()}"
        faults.append(Fault("visit.starts_at.past", message, "starts_at"))
    if visit.not_before is not None and agreed_at < visit.not_before:
        message = f"by the terms somebody comes from {visit.not_before.isoformat()} on"
        faults.append(Fault("visit.starts_at.too_early", message, "starts_at", visit.clause))
    faults.extend(_minutes_faults(minutes))
    _require(visit, (Status.HELD,), faults)
    return VisitBooked(
        occurred_at=now, starts_at=agreed_at, minutes=minutes or visit.minutes, booked_by=by, **identity(visit)
    )


def postpone(
    visits: Visits, visit_id: str, to_at: datetime, minutes: int | None, reason: str, by: str, now: datetime
) -> VisitPostponed:
    """Another, later time; as often as needed. `minutes` stays as it was where it is None."""
    visit = _find(visits, visit_id)
    faults = []
    if to_at <= now:
        faults.append(Fault("visit.to_at.past", f"the new time must be later than now, {now.isoformat()}", "to_at"))
    if to_at <= visit.starts_at:
        message = f"the new time must be later than the present one, {visit.starts_at.isoformat()}"
        faults.append(Fault("visit.to_at.not_later", message, "to_at"))
    faults.extend(_minutes_faults(minutes))
    faults.extend(_reason_faults(reason))
    _require(visit, (Status.HELD, Status.BOOKED, Status.POSTPONED), faults)
    return VisitPostponed(
        occurred_at=now,
        from_at=visit.starts_at,
        to_at=to_at,
        minutes=minutes or visit.minutes,
        clause=visit.clause,
        reason=reason,
        postponed_by=by,
        **identity(visit),
    )


def assign(visits: Visits, visit_id: str, engineer_id: str, by: str, now: datetime) -> VisitAssigned:
    """Somebody goes to a visit whose time is agreed: where nobody was assigned, or in place of whoever was."""
    visit = _find(visits, visit_id)
    _require(visit, AGREED, ())
    return VisitAssigned(occurred_at=now, engineer_id=engineer_id, assigned_by=by, **identity(visit))


def decline(visits: Visits, visit_id: str, reason: str, by: str, now: datetime) -> VisitDeclined:
    """Nobody can be found, and no other time is agreed (IIJ-09). What is booked already is kept or postponed."""
    visit = _find(visits, visit_id)
    _require(visit, (Status.HELD,), _reason_faults(reason))
    return VisitDeclined(occurred_at=now, clause=visit.clause, reason=reason, declined_by=by, **identity(visit))


def complete(
    visits: Visits, visit_id: str, completed_at: datetime, now: datetime, *, serial: str | None = None
) -> list[Event]:
    """The work is done. `completed_at` is when it ended, so after its start and not in the future; `serial` is what was
    put in the place of what failed, where anything was.

    A failed part that the terms leave with the customer is handed over with it (QNP-11).
    """
    visit = _find(visits, visit_id)
    faults = []
    if completed_at > now:
        message = f"a visit is complete when it has ended; it is {now.isoformat()} now"
        faults.append(Fault("visit.completed_at.future", message, "completed_at"))
    if completed_at <= visit.starts_at:
        message = f"a visit ends after its start, {visit.starts_at.isoformat()}"
        faults.append(Fault("visit.completed_at.before_start", message, "completed_at"))
    faults.extend(_exchange_faults(visit, serial))
    _require(visit, AGREED, faults)
    completed = VisitCompleted(occurred_at=now, completed_at=completed_at, **identity(visit))
    return [completed, *_handed_over(visit, now), *_exchanged(visit, serial, completed_at, now)]


def _exchange_faults(visit: Visit, serial: str | None) -> list[Fault]:
    if serial is None:
        return []
    if visit.serial is None:
        message = "the visit is to no registered unit that another could take the place of"
        return [Fault("visit.serial.no_unit", message, "serial")]
    if serial == visit.serial:
        return [Fault("visit.serial.defective", f"{serial} is the unit to be replaced", "serial")]
    return []


def _handed_over(visit: Visit, now: datetime) -> list[PartHandedOver]:
    if visit.failed_part != "handed_over" or visit.serial is None or visit.part is None:
        return []
    clause = visit.failed_part_clause or visit.clause
    return [PartHandedOver(occurred_at=now, serial=visit.serial, part=visit.part, clause=clause, **identity(visit))]


_OWNERS: dict[str, Literal["customer", "provider"]] = {"handed_over": "customer", "taken_away": "provider"}


def _exchanged(visit: Visit, serial: str | None, at: datetime, now: datetime) -> list[UnitExchanged]:
    if serial is None or visit.serial is None:
        return []
    return [
        UnitExchanged(
            occurred_at=now,
            serial=serial,
            defective_serial=visit.serial,
            part=visit.part,
            exchanged_at=at,
            owner=_OWNERS[visit.failed_part] if visit.failed_part else None,
            clause=visit.failed_part_clause or visit.clause,
            **identity(visit),
        )
    ]


def _find(visits: Visits, visit_id: str) -> Visit:
    """The latest visit. One before it exists, and can no longer be changed; any other does not exist."""
    if visits.latest and visits.latest.visit_id == visit_id:
        return visits.latest
    if visit_id in visits.earlier:
        raise Refused(Fault("visit.replaced", "a later decision replaced this visit"), kind="conflict")
    raise Refused(Fault("visit.unknown", f"there is no visit {visit_id}"), kind="not_found")


def _require(visit: Visit, allowed: Sequence[Status], faults: Sequence[Fault]) -> None:
    """Refuses with every fault; one of the state makes it a conflict."""
    if visit.status not in allowed:
        wanted = " or ".join(IN_WORDS[status] for status in allowed)
        message = f"the visit is {IN_WORDS[visit.status]}; this needs one that is {wanted}"
        fault = Fault(f"visit.{visit.status}", message, None, visit.clause)
        raise Refused(fault, *faults, kind="conflict")
    if faults:
        raise Refused(*faults)


def _minutes_faults(minutes: int | None) -> list[Fault]:
    if minutes is None or minutes >= 1:
        return []
    return [Fault("visit.minutes.too_few", "a visit takes at least 1 minute", "minutes")]


def _reason_faults(reason: str) -> list[Fault]:
    return [] if reason.strip() else [Fault("visit.reason.empty", "the customer is told the reason", "reason")]
