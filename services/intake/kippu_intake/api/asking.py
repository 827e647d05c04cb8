"""What both kinds of route ask before they open a ticket: is the contact this customer's, and do the terms take it."""

from datetime import datetime

from kippu_events.catalogue.values import Channel
from kippu_service.http import Principal
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_intake.known import Contact, Known


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
        faults += faults_of_category(plan, category)
    if faults or contact is None:
        raise Refused(*faults)
    return contact


def faults_of_category(plan: Plan, category: str | None) -> list[Fault]:
    """None may be left open; one that the terms do not have would wait for triage as if nothing had been said."""
    if category is None or plan.coverage.category(category) is not None:
        return []
    offered = ", ".join(entry.id for entry in plan.coverage.categories)
    return [Fault("unknown_category", f"The terms know {offered}.", "category")]
