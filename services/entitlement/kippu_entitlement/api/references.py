"""Whether what a body refers to exists, decided from the streams themselves."""

from kippu_events.work import Work
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement import folds, terms
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.customer import Customer
from kippu_entitlement.domain.plan import Plans


async def require_customer(work: Work, provider: str, customer_id: str) -> Customer:
    stream = await work.load(folds.CUSTOMER, provider, streams.customer(provider, customer_id))
    if not stream.state.exists:
        raise Refused(Fault("unknown_customer", f"there is no customer {customer_id}", "customer_id"))
    return stream.state


async def require_contact(work: Work, provider: str, customer_id: str, contact_id: str | None) -> None:
    """Another customer's contact is, to this one, none."""
    if contact_id is None:
        return
    known = (await work.load(folds.CONTACT, provider, streams.contact(provider, contact_id))).state
    if known.customer_id != customer_id:
        raise Refused(Fault("unknown_contact", f"{customer_id} has no contact {contact_id}", "contact_id"))


async def require_plan(work: Work, provider: str, family: str) -> Plans:
    published = (await terms.plans(work, provider, family)).state
    if not published.exists:
        raise unknown_plan(f"no terms of {family} are published")
    return published


def unknown_plan(message: str, field: str = "plan_family") -> Refused:
    return Refused(Fault("unknown_plan", message, field))
