"""Customers of member terms, as tests need them."""

from kippu_events.catalogue.entitlement import OrderLine
from kippu_events.work import Work

from kippu_entitlement import folds, ordering, terms
from kippu_entitlement.domain import customer, streams
from kippu_entitlement.domain.order import Place
from kippu_entitlement.testing import CUSTOMER, World


async def licensed(world: World) -> None:
    """The customer has a licence, with its maintenance in force."""

    async def decide(work: Work) -> None:
        plan = terms.in_force((await terms.plans(work, "cwc", "cwc")).state, "cwc", work.now)
        together = (OrderLine(product="annual-maintenance", quantity=1),)
        place = Place("O-1", CUSTOMER, "cwc", "licence", 1, world.today, together=together, contact_id="contact-1")
        await ordering.place(work, "cwc", plan, place, ordering.Said(), "ja")

    await world.run(decide)
    await world.invoice_paid("O-1", world.today)


async def marked(world: World, *, competitor: bool) -> None:
    """Whether the customer is a competitor of the provider's."""

    async def decide(work: Work) -> None:
        stream = await work.load(folds.CUSTOMER, "cwc", streams.customer("cwc", CUSTOMER))
        marked = customer.mark(stream.state, competitor=competitor, marked_by="client:desk-1", now=work.now)
        work.record(stream, *marked)

    await world.run(decide)
