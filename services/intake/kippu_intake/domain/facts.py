"""What a request is about, as far as it is known, and what can be wrong with that."""

from dataclasses import dataclass, replace
from datetime import datetime

from kippu_events.catalogue.values import RequestDetails
from kippu_events.event import Personal
from kippu_terms.facts import CALENDARS_FROM, CALENDARS_UNTIL
from kippu_terms.refusal import Fault

MAX_WORK_MINUTES = 1440
"""A day: no single entry or visit is longer."""

NOTHING_MORE = RequestDetails()
"""Nothing is said of a request beside what it is about."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a request is about, as far as it is known."""

    category: str | None = None
    asset_serial: str | None = None
    wanted_at: datetime | None = None
    wanted_minutes: int | None = None
    topic: str | None = None
    part: str | None = None
    details: RequestDetails = NOTHING_MORE
    ship_to_address: Personal | None = None
    """Of the place that is named to ship to."""

    def with_config_file(self, given_at: datetime) -> "Facts":
        """A configuration file came with the report (SVT-16)."""
        return replace(self, details=self.details.updated(RequestDetails(config_file_at=given_at)))


@dataclass(frozen=True, slots=True)
class Isolation:
    """Which unit, and which part of it, is at fault, and since when that is known."""

    asset_serial: str
    part: str | None
    isolated_at: datetime


def faults_of(facts: Facts, received_at: datetime) -> list[Fault]:
    """What is wrong with the facts of a request, whoever states them."""
    faults = []
    if facts.wanted_minutes is not None and facts.wanted_at is None:
        faults.append(Fault("missing", "A length of work needs the time it is wanted at.", "wanted_at"))
    if facts.wanted_at is not None and facts.wanted_at < received_at:
        faults.append(Fault("in_past", "Work is wanted before the request was received.", "wanted_at"))
    if facts.wanted_at is not None and facts.wanted_at >= CALENDARS_UNTIL:
        faults.append(beyond_calendars("wanted_at"))
    if facts.wanted_minutes is not None and not 1 <= facts.wanted_minutes <= MAX_WORK_MINUTES:
        faults.append(Fault("out_of_range", f"Minutes run from 1 to {MAX_WORK_MINUTES}.", "wanted_minutes"))
    return faults


def beyond_calendars(field: str) -> Fault:
    """Nothing can be decided about an instant for which no public holidays are known."""
    message = f"Times run from {CALENDARS_FROM.year} to the end of {CALENDARS_UNTIL.year - 1}."
    return Fault("out_of_range", message, field)
