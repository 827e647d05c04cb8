"""What is said of a request beside what it is about: who may say what, and what can be wrong with it."""

from datetime import datetime

from kippu_events.catalogue.values import RequestDetails
from kippu_terms.facts import CALENDARS_FROM, CALENDARS_UNTIL
from kippu_terms.refusal import Fault, Refused

from kippu_intake.domain.facts import beyond_calendars

STAFF_ONLY = frozenset({"asked_by", "config_file_at", "config_override", "operator_serves"})
"""What only the provider's own people record. A partner gives a configuration file itself, not the time of one."""
ONLY_IN_REPORT = frozenset({"cause", "failed_at"})
"""What a partner says in the report; afterwards only the provider's people correct it."""
STAFF_WORDS = {"firmware": "asked", "agreement": "asked", "written_report": "granted"}
"""What only the provider asks for or grants; the customer answers or wishes by the other words."""
WITHIN = "details."
"""Where details stand in what is said of a whole request."""
_PAST = ("failed_at", "config_file_at")


def require_may_state(stated: RequestDetails, *, staff: bool, in_report: bool) -> None:
    """Raises Refused with everything that a partner cannot say of a request."""
    if staff:
        return
    said = stated.model_dump(exclude_none=True)
    faults = [
        Fault("staff_only", "Only the provider's own people record this.", f"{WITHIN if in_report else ''}{name}")
        for name, value in said.items()
        if name in STAFF_ONLY or STAFF_WORDS.get(name) == value or (name in ONLY_IN_REPORT and not in_report)
    ]
    if faults:
        raise Refused(*faults)


def faults_of_details(
    stated: RequestDetails, received_at: datetime, now: datetime, within: str = WITHIN
) -> list[Fault]:
    """What is wrong with it, whoever says it; its fields are named `within` what was sent."""
    faults = []
    for name, value in stated.model_dump(exclude_none=True).items():
        field = f"{within}{name}"
        if isinstance(value, datetime) and not CALENDARS_FROM <= value < CALENDARS_UNTIL:
            faults.append(beyond_calendars(field))
        elif name in _PAST and value > now:
            faults.append(Fault("in_future", "What is recorded has happened already.", field))
        elif name == "failed_at" and value > received_at:
            faults.append(Fault("contradiction", "A fault that is reported has happened before the report.", field))
        elif name == "answer_wanted_by" and value < received_at:
            faults.append(Fault("in_past", "An answer is wanted before the request was received.", field))
    return faults
