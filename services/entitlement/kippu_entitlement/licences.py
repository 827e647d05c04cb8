"""The licences of a customer in a unit of work: what they are to an order or a request, and what a payment changes.

Nothing here happens under terms that sell no licences.
"""

from datetime import date, datetime

from kippu_events.work import Stream, Work
from kippu_terms.facts import CustomerFacts
from kippu_terms.orders.facts import HeldContract, OrderFacts
from kippu_terms.plan import Plan

from kippu_entitlement import folds
from kippu_entitlement.domain import licence, streams
from kippu_entitlement.domain.customer import Customer
from kippu_entitlement.domain.licence import Licence
from kippu_entitlement.domain.order import Order


async def licence_of(work: Work, provider: str, customer_id: str, family: str) -> Stream[Licence]:
    name = streams.licence(provider, streams.licence_id(customer_id, family))
    return await work.load(folds.LICENCE, provider, name)


async def customer_facts(
    work: Work, plan: Plan, customer_id: str, at: datetime
) -> tuple[CustomerFacts, Licence] | tuple[None, None]:
    """What is on record of the customer at an instant, and its licences."""
    if plan.licences is None:
        return None, None
    held = (await licence_of(work, plan.provider, customer_id, plan.family)).state
    buyer = await _customer(work, plan.provider, customer_id)
    return licence.facts_of(held, at, competitor=buyer.competitor), held


async def with_licence(work: Work, plan: Plan, customer_id: str, facts: OrderFacts) -> OrderFacts:
    """An order's facts with the licences that it may renew or add to, and with what is on record of the customer."""
    customer, state = await customer_facts(work, plan, customer_id, work.now)
    if customer is None or state is None or plan.licences is None:
        return facts
    held = state.held()
    if held is None:
        return facts.model_copy(update={"customer": customer})
    contract = HeldContract(
        contract_id=state.licence_id,
        product=plan.licences.maintenance_product,
        valid_from=held.full_on,
        valid_until=held.maintained_until,
    )
    return facts.model_copy(
        update={
            "customer": customer,
            "licence": held,
            "held": (*facts.held, contract),
            "renews": facts.renews or state.licence_id,
        }
    )


async def paid(work: Work, bought: Stream[Order], plan: Plan, paid_on: date) -> None:
    """Licences are sold or renewed with the payment, and what their holder is known by is issued (CWC-12, CWC-21)."""
    if plan.licences is None:
        return
    order = bought.state
    held = await licence_of(work, bought.provider, order.customer_id, order.plan_family)
    licence_id = streams.licence_id(order.customer_id, order.plan_family)
    language = (await _customer(work, bought.provider, order.customer_id)).language
    purchase = licence.purchase_of(held.state, order, plan, paid_on)
    if purchase is not None:
        taken = licence.take(
            held.state, purchase, order, plan, licence_id=licence_id, contact_id=order.contact_id, now=work.now
        )
        state = work.record(held, *taken)
        work.record(
            held,
            *licence.issue_member_id(state, plan, order.order_id, language=language, ids=work.ids, now=work.now),
        )
    incidents = next((line for line in order.lines if line.tickets), None)
    if incidents is not None:
        issued = licence.issue_incident_number(
            held.state,
            plan,
            order,
            licence_id=licence_id,
            contact_id=order.contact_id,
            language=language,
            clause=plan.product(incidents.product).clause,
            ids=work.ids,
            now=work.now,
        )
        work.record(held, *issued)


async def _customer(work: Work, provider: str, customer_id: str) -> Customer:
    return (await work.load(folds.CUSTOMER, provider, streams.customer(provider, customer_id))).state
