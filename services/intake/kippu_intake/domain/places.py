"""The place that a request names for what is shipped (SVT-20): its address is personal, and goes sealed into the event.

Decisions know that a place is named, under which id it is on record, and whether it is on an island. It can be changed
until the unit leaves.
"""

from kippu_events.catalogue.values import RequestDetails
from kippu_events.event import Personal
from kippu_terms.refusal import Fault, Refused

from kippu_intake.domain.ticket_state import Ticket

FIELD = "ship_to_address"


def numbered(ticket: Ticket, ticket_no: str, stated: RequestDetails, address: Personal | None) -> RequestDetails:
    """What is stated, with the id of the place whose address is stated with it."""
    if address is None:
        return stated
    return stated.model_copy(update={"ship_to": "named_place", "place_id": f"{ticket_no}.P{ticket.places + 1}"})


def faults_of_place(ticket: Ticket, stated: RequestDetails, address: Personal | None, within: str) -> list[Fault]:
    """A place is its address: neither is stated without the other."""
    if address is not None and stated.ship_to == "registered_site":
        message = "An address is stated for a named place; what goes to the registered site needs none."
        return [Fault("contradiction", message, f"{within}{FIELD}")]
    if address is None and stated.ship_to == "named_place" and ticket.details.place_id is None:
        return [Fault("missing", "State the address of the place that is named.", f"{within}{FIELD}")]
    return []


def require_not_under_way(ticket: Ticket, stated: RequestDetails, address: Personal | None) -> None:
    """Raises Refused for another place once the unit is on its way: nobody can redirect it."""
    if ticket.under_way is None or (address is None and stated.ship_to in (None, ticket.details.ship_to)):
        return
    message = f"{ticket.under_way.shipment_id} has left: where it goes cannot be changed any more."
    raise Refused(Fault("shipped", message, FIELD, ticket.under_way.clause), kind="conflict")
