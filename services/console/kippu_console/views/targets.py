"""Targets as pages show them: by or from when, and what did not count."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kippu_events.catalogue.fulfilment import Target

from kippu_console.words import local


def aim(target: str | None) -> dict[str, Any] | None:
    """A target that a read model holds as JSON; each stretch that did not count with its days and why."""
    return None if target is None else shown(Target.model_validate_json(target))


def shown(target: Target) -> dict[str, Any]:
    zone = ZoneInfo(target.time_zone)
    return {
        "kind": target.kind,
        "clause": target.clause,
        "bound": target.bound,
        "when": target.due_on.isoformat() if target.due_on else local(target.due_at, zone),
        "since": local(target.started_at, zone),
        "closed": [
            {
                "days": _days(stretch.from_at.astimezone(zone), stretch.to_at.astimezone(zone)),
                "reason": stretch.reason,
                "names": stretch.names,
            }
            for stretch in target.stretches
            if stretch.state != "open"
        ],
    }


def _days(begins: datetime, ends: datetime) -> str:
    """The days of a stretch; with times where it does not take whole days."""
    last = ends - timedelta(microseconds=1)
    if begins.time() == ends.time() == datetime.min.time():
        first = f"{begins:%m-%d}"
        return first if begins.date() == last.date() else f"{first} – {last:%m-%d}"
    return f"{begins:%m-%d %H:%M} – {ends:%m-%d %H:%M}"
