"""What both kinds of route ask before they open a ticket: is the contact this customer's, and do the terms take it."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Request
from kippu_events.catalogue.values import Channel
from kippu_service.http import Principal, read_positions
from kippu_service.http.positions import MAX_HEADER, MIN_HEADER
from kippu_service.http.queries import wait_for
from kippu_terms.refusal import Fault, Refused

from kippu_intake.known import Contact, Known


async def _caught_up(
    request: Request,
    min_position: Annotated[
        str | None,
        Header(alias=MIN_HEADER, max_length=MAX_HEADER, description="A Kippu-Position that must be known here first."),
    ] = None,
) -> None:
    if min_position is not None:
        await wait_for(request.app.state.edge, read_positions(min_position))


CaughtUp = Annotated[None, Depends(_caught_up)]
"""For a write that rests on what another service has just been told, such as a new contact."""


async def contact_for(
    known: Known,
    principal: Principal,
    *,
    customer_id: str,
    contact_id: str,
    plan_family: str,
    channel: Channel,
    category: str | None,
    at: datetime,
) -> Contact:
    """The contact who asks. Raises Refused with every fault of who asks, how, and under which terms."""
    principal.require_customer(customer_id)
    faults: list[Fault] = []
    contact, plan = await known.asking(principal.provider, contact_id, plan_family, at)
    if contact is None or contact.customer_id != customer_id:
        faults.append(Fault("unknown_contact", "This customer has no such contact.", "contact_id", "IIJ-03"))
    if plan is None:
        faults.append(Fault("unknown_plan", "No terms of this family are in force.", "plan_family"))
    else:
        touchpoints = plan.intake.touchpoints
        if channel.value not in touchpoints.channels:
            taken = ", ".join(touchpoints.channels)
            faults.append(Fault("channel_not_taken", f"Requests are taken by {taken}.", "channel", touchpoints.clause))
        if category is not None and plan.coverage.category(category) is None:
            offered = ", ".join(entry.id for entry in plan.coverage.categories)
            faults.append(Fault("unknown_category", f"The terms know {offered}.", "category"))
    if faults or contact is None:
        raise Refused(*faults)
    return contact
