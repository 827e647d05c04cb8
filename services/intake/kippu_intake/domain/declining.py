"""Declining by hand: where a clause leaves it to the provider whether a request is served, a person decides (CWC-25).

The decision on coverage declines by itself what the terms refuse (`answers`). What was held, booked, offered or ordered
for the request, the other services let go of as they hear that it was declined, whoever declined it.
"""

from collections.abc import Mapping
from datetime import datetime

from kippu_events.event import Event
from kippu_terms.explain import in_language
from kippu_terms.refusal import Fault, Refused

from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.ticket_state import ACTIVE, Ticket


def by_hand(
    ticket: Ticket, clauses: Mapping[str, Mapping[str, str]], *, clause: str, reason: str, now: datetime
) -> list[Event]:
    """Declined, and its contact told so: the clause as the terms word it, then the operator's own words, as theirs.

    They stand on one line: none can pass for a paragraph of the mail. `clauses` are the texts of the request's terms,
    each by language.

    Raises Refused with every fault. What was served is not declined: it would give back what was rightly debited.
    """
    ended = _faults_of_state(ticket)
    faults = list(ended)
    if clause not in clauses:
        faults.append(Fault("unknown_clause", f"The terms know {', '.join(clauses)}.", "clause"))
    if faults:
        raise Refused(*faults, kind="conflict" if ended else "invalid")
    text, on_one_line = in_language(clauses[clause], ticket.language), " ".join(reason.split())
    told = {"clause": clause, "clause_text": text, "reason": on_one_line}
    return [
        *tickets.decline(ticket, clause=clause, reason=reason, by="operator", now=now),
        *tickets.request_mail(ticket, "declined_by_hand", now, parameters=told),
    ]


def _faults_of_state(ticket: Ticket) -> list[Fault]:
    number, faults = ticket.ticket_no, []
    if ticket.status not in ACTIVE:
        faults.append(Fault("wrong_status", f"Ticket {number} is {ticket.status}: it cannot be declined."))
    if ticket.work_entries:
        message = f"Work was recorded on {number}, and is debited by the terms: close it, or state what rules it out."
        faults.append(Fault("work_recorded", message))
    if ticket.under_way is not None:
        message = f"Shipment {ticket.under_way.shipment_id} has left for {number}: close it once that is settled."
        faults.append(Fault("unit_left", message))
    return faults
