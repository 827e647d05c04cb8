"""From an accepted quote to what it promised: an order at the offered price, and the request that goes on with it.

Where the terms refuse the order, that is on record with the order and the request, until a person has settled what they
name and has it placed again.
"""

from dataclasses import replace
from datetime import date

from kippu_events.catalogue.quoting import QuoteEvent, QuoteForgone, QuoteOrderRefused, QuotePaid, QuoteTaken
from kippu_events.catalogue.values import Price
from kippu_events.work import Stream, Work
from kippu_terms.refusal import Refused

from kippu_entitlement import folds, ordering, requests, terms
from kippu_entitlement.domain import order, quoting, streams
from kippu_entitlement.domain.case import Case
from kippu_entitlement.domain.order import Order, Place


async def today(work: Work, provider: str, family: str) -> date:
    """The provider's local date, by the terms in force."""
    published = (await terms.plans(work, provider, family)).state
    return terms.in_force(published, family, work.now).calendar.local_date(work.now)


async def accept(work: Work, bought: Stream[Order], wanted: Place) -> None:
    """Orders what was offered, for the contact who asked. Refused or not, the request is decided anew with that."""
    quoted_on = await _quoted_on(work, bought.provider, wanted)
    if quoted_on.state.request is not None:
        wanted = replace(wanted, contact_id=quoted_on.state.request.contact_id)
    try:
        await _order(work, quoted_on, wanted)
    except Refused as refused:
        await _refuse(work, bought, quoted_on, wanted, refused)
    else:
        await _note(work, quoted_on, wanted, QuoteTaken)


async def order_again(work: Work, bought: Stream[Order]) -> None:
    """Places the refused order of an accepted quote once more. Raises Refused, and changes nothing, as long as the
    terms still refuse it (`refused_again`)."""
    wanted = await _again(work, bought)
    quoted_on = await _quoted_on(work, bought.provider, wanted)
    await _order(work, quoted_on, wanted)
    await _note(work, quoted_on, wanted, QuoteTaken)


async def refused_again(work: Work, bought: Stream[Order], refused: Refused) -> None:
    """What the terms say against it now takes the place of what they said before; the request is decided with that."""
    wanted = await _again(work, bought)
    await _refuse(work, bought, await _quoted_on(work, bought.provider, wanted), wanted, refused)


async def paid(work: Work, bought: Stream[Order]) -> None:
    """What the terms have paid first begins now."""
    wanted = order.of_quote(bought.state)
    await _note(work, await _quoted_on(work, bought.provider, wanted), wanted, QuotePaid)


async def undone(work: Work, bought: Stream[Order]) -> None:
    """Its order came to nothing: the request is decided as if it had never been bought, and quoted anew."""
    if bought.state.quote_id is None or bought.state.status not in ("lapsed", "refunded"):
        return
    quoted_on = await _quoted_on(work, bought.provider, order.of_quote(bought.state))
    quoted = quoted_on.state.quoted(bought.state.quote_id)
    if quoted is None or quoted.status == "forgone":
        return
    about = {"quote_id": quoted.need.quote_id, "ticket_no": quoted_on.state.ticket_no}
    work.record(quoted_on, QuoteForgone(occurred_at=work.now, customer_id=bought.state.customer_id, **about))
    if not quoted_on.state.ended:
        await requests.decide(work, quoted_on)


async def _again(work: Work, bought: Stream[Order]) -> Place:
    return order.again(bought.state, await today(work, bought.provider, bought.state.plan_family))


async def _refuse(work: Work, bought: Stream[Order], quoted_on: Stream[Case], wanted: Place, refused: Refused) -> None:
    said = order.refuse(bought.state, wanted, refused, work.now)
    if said:
        work.record(bought, *said)
        await _note(work, quoted_on, wanted, QuoteOrderRefused, clauses=refused.clauses, reasons=refused.reasons)


async def _quoted_on(work: Work, provider: str, wanted: Place) -> Stream[Case]:
    return await requests.load_case(work, provider, streams.ticket_of_quote(wanted.quote_id or ""))


async def _order(work: Work, quoted_on: Stream[Case], wanted: Place) -> None:
    """By the version of the terms and at the price that the quote was made with, where it was for a request."""
    provider, quote_id = quoted_on.provider, wanted.quote_id or ""
    version, offered = _made_with(quoted_on.state, quote_id)
    family, published = wanted.plan_family, (await terms.plans(work, provider, wanted.plan_family)).state
    plan = terms.pinned(published, family, version) if version else terms.in_force(published, family, work.now)
    buyer = await work.load(folds.CUSTOMER, provider, streams.customer(provider, wanted.customer_id))
    said = ordering.Said(agreed=True, quoted=True)  # who offers it has agreed to it
    await ordering.place(work, provider, plan, wanted, said, buyer.state.language, offered)


def _made_with(quoted_on: Case, quote_id: str) -> tuple[str | None, Price | None]:
    short = quoted_on.shortfall(streams.debit_of_quote(quote_id))
    if short is not None:
        return short.plan_version, short.price
    quoted = quoted_on.quoted(quote_id)
    return (quoted.plan_version, quoted.need.price) if quoted else (None, None)


async def _note(
    work: Work, quoted_on: Stream[Case], wanted: Place, event: type[QuoteEvent], **more: tuple[str, ...]
) -> None:
    """What became of a quote for what was not included. The request is decided with it, or, if it was declined by then,
    what was ordered comes to nothing; so it does if it was closed before that was accepted. A quote that offers prepaid
    tickets goes on with their credit."""
    quoted = quoted_on.state.quoted(wanted.quote_id or "")
    if quoted is None:
        return
    noted = event(
        occurred_at=work.now,
        quote_id=quoted.need.quote_id,
        ticket_no=quoted_on.state.ticket_no,
        customer_id=requests.request_of(quoted_on).customer_id,
        clause=quoted.need.clause,
        order_id=wanted.order_id,
        **more,
    )
    state = work.record(quoted_on, noted)
    about = (state.ticket_no, noted.customer_id, work.now)
    if state.declined:
        work.record(quoted_on, *quoting.unserved(state.quotes, *about))
    elif not state.closed:
        await requests.decide(work, quoted_on)
    elif quoted.status == "forgone":
        work.record(quoted_on, *quoting.unserved(state.quotes, *about, only=quoted.need.quote_id))
