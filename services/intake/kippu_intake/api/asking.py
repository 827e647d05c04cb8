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
    contact, plan = await known.asking(principal.provider, contact_id, plan_family, at)
    faults = [*faults_of_contact(contact, customer_id), *faults_of_terms(plan, channel, category)]
    if faults or contact is None:
        raise Refused(*faults)
    return contact


def faults_of_contact(contact: Contact | None, customer_id: str) -> list[Fault]:
    if contact is None or contact.customer_id != customer_id:
        return [Fault("unknown_contact", "This customer has no such contact.", "contact_id")]
    return []


def faults_of_terms(plan: Plan | None, channel: Channel | None, category: str | None) -> list[Fault]:
    """Of how a request came and what it is about; None for what nobody knows of it."""
    if plan is None:
        return [Fault("unknown_plan", "No terms of this family are in force.", "plan_family")]
    touchpoints = plan.intake.touchpoints
    faults = faults_of_category(plan, category)
    if channel is not None and channel.value not in touchpoints.channels:
        taken = ", ".join(touchpoints.channels)
        return [Fault("channel_not_taken", f"Requests are taken by {taken}.", "channel", touchpoints.clause), *faults]
    return faults


def faults_of_category(plan: Plan, category: str | None) -> list[Fault]:
    """None may be left open; one that the terms do not have would wait for triage as if nothing had been said."""
    if category is None or plan.coverage.category(category) is not None:
        return []
    offered = ", ".join(entry.id for entry in plan.coverage.categories)
    return [Fault("unknown_category", f"The terms know {offered}.", "category")]
