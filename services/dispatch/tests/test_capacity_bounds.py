"""The largest roster that the model takes fits into the body that its route takes, and into the log. Pure."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from kippu_dispatch.api.capacity import (
    MOST_BODY,
    MOST_ENGINEERS,
    MOST_EXCEPTIONS,
    RosterInput,
    capacity,
    router,
    set_capacity,
)
from kippu_dispatch.domain.roster import set_roster
from kippu_dispatch.domain.working_hours import WEEKDAYS
from kippu_events.envelope import MAX_EVENT_BYTES
from pydantic import ValidationError

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)

SEALED_NAME = 4096
"""Bytes that a name takes at most once it is sealed, with the event's metadata."""


def roster(exceptions: int) -> dict[str, Any]:
    """As large as each bound allows, with so many exceptions in all, 400 each as far as they go."""
    shares = [min(400, max(0, exceptions - 400 * number)) for number in range(MOST_ENGINEERS)]
    return {"time_zone": "Asia/Bangkok", "country": "TH", "engineers": list(map(engineer, range(200), shares))}


def engineer(number: int, exceptions: int) -> dict[str, Any]:
    hours = [(f"{at // 60:02}:{at % 60:02}", f"{(at + 1) // 60:02}:{(at + 1) % 60:02}") for at in range(50)]
    days = [(date(2026, 11, 21) + timedelta(days=day)).isoformat() for day in range(exceptions)]
    return {
        "engineer_id": f"{number:03}-{'x' * 60}",
        "name": "\U0001f527" * 200,
        "areas": [f"area-{each:02}-{'x' * 52}" for each in range(50)],
        "skills": [f"skill-{each:02}-{'x' * 51}" for each in range(50)],
        "weekly": [{"weekdays": [*WEEKDAYS], "starts": s, "ends": e, "on_holidays": False} for s, e in hours],
        "exceptions": [{"on": day, "off": False, "starts": "09:00", "ends": "13:00"} for day in days],
    }


def test_the_largest_roster_fits_into_its_request_and_each_engineer_into_an_event() -> None:
    sent = json.dumps(roster(MOST_EXCEPTIONS))  # with an escape for each letter that is not ASCII
    assert len(sent) < MOST_BODY
    body = RosterInput.model_validate_json(sent)
    asked = [each.asked() for each in body.engineers]
    events = set_roster("iij", body.time_zone, body.country, asked, "desk", NOW)
    assert len(events) == MOST_ENGINEERS + 1
    assert max(len(event.model_dump_json(exclude={"name"})) for event in events) < MAX_EVENT_BYTES - SEALED_NAME


def test_one_exception_more_is_refused_with_the_number() -> None:
    with pytest.raises(ValidationError, match="10000 exceptions in all, not 10001") as refused:
        RosterInput.model_validate(roster(MOST_EXCEPTIONS + 1))
    assert [each["loc"] for each in refused.value.errors()] == [("engineers",)]


def test_only_the_route_that_sets_the_roster_takes_so_much() -> None:
    routes = {route.endpoint: route.max_body_size for route in router.routes if isinstance(route, APIRoute)}
    assert routes == {set_capacity: MOST_BODY, capacity: None}
