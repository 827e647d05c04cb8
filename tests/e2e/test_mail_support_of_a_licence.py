"""CWC-13 through a licence that was bought and paid: who asks by mail, and on what, decides what it costs."""

from typing import Any

import pytest
from kippu_events.catalogue.billing import QuoteOffered
from kippu_events.catalogue.entitlement import TicketDebited
from kippu_events.catalogue.intake import TicketDeclined, TicketOpened

LICENCE = {
    "customer_id": "customer-1",
    "plan_family": "cwc",
    "product": "licence",
    "quantity": 2,
    "together": [{"product": "annual-maintenance", "quantity": 2}],
}


@pytest.fixture
async def licensed(counter: Any) -> Any:
    """A counter where contact-1 of customer-1 bought licences, and paid for them."""
    desk = await counter("cwc", "billing")
    order_id = (await desk.post("entitlement", "/v1/orders", LICENCE | {"contact_id": "contact-1"}))["order_id"]
    await pay(desk, order_id)
    return desk


async def pay(desk: Any, order_id: str) -> None:
    await desk.system.settle()
    invoice = await desk.get("billing", f"/v1/invoices/INV-{order_id}")
    paid = {"invoice_no": invoice["invoice_no"], "amount": invoice["total"], "currency": invoice["currency"]}
    today = desk.system.clock.now().date().isoformat()
    await desk.post("billing", "/v1/payments", paid | {"payment_id": f"payment-{order_id}", "received_on": today})
    await desk.system.settle()


async def asked(desk: Any, contact: str, **facts: Any) -> str:
    """A contact asks by mail, and the desk classifies it; answers the number of the request."""
    await desk.mail(contact, "A question", "How is this done?")
    ticket_no = str((await desk.said("intake", TicketOpened))[-1].ticket_no)
    assert (await desk.decided(ticket_no))["outcome"] == "waiting"
    await desk.post("intake", f"/v1/tickets/{ticket_no}/classification", {"category": "mail_support", **facts})
    await desk.system.settle()
    return ticket_no


async def invoices(desk: Any) -> int:
    return len((await desk.get("billing", "/v1/invoices"))["items"])


@pytest.mark.clause("CWC-13", "CWC-14")
async def test_the_buyer_is_answered_on_what_is_in_scope_and_pays_nothing(licensed: Any) -> None:
    ticket_no = await asked(licensed, "contact-1", topic="basic_settings")
    decided = await licensed.decided(ticket_no)
    assert (decided["outcome"], decided["service"], decided["facts"]["request"]["asked_by"]) == (
        "covered", "mail_support", "contact"
    )  # fmt: skip
    finding = next(each for each in decided["findings"] if each["rule"] == "question_scope")
    assert (finding["clause"], finding["result"]) == ("CWC-13", "satisfied")
    work = {"kind": "isolation", "started_at": licensed.system.clock.now().isoformat(), "minutes": 45}
    await licensed.post("intake", f"/v1/tickets/{ticket_no}/work", work)
    await licensed.system.settle()
    assert await licensed.said("entitlement", TicketDebited) == await licensed.said("billing", QuoteOffered) == []
    assert await invoices(licensed) == 1  # that of the licences


@pytest.mark.clause("CWC-13")
async def test_anybody_else_of_the_buyer_is_refused_and_told_why(licensed: Any) -> None:
    ticket_no = await asked(licensed, "contact-2", topic="basic_settings")
    decided = await licensed.decided(ticket_no)
    assert (decided["outcome"], decided["facts"]["request"]["asked_by"]) == ("refused", "other")
    [declined] = await licensed.said("intake", TicketDeclined)
    assert (declined.ticket_no, declined.clause) == (ticket_no, "CWC-13")
    [letter] = await licensed.letters("declined")
    assert letter.recipient == "two@customer-1.example" and "ご購入の担当者様からお問い合わせください" in letter.text
    assert await licensed.said("billing", QuoteOffered) == []


@pytest.mark.clause("CWC-13", "CWC-03")
async def test_who_bought_nothing_is_told_to(licensed: Any) -> None:
    decided = await licensed.decided(await asked(licensed, "contact-3", topic="basic_settings"))
    assert (decided["outcome"], decided["remedies"][0]["action"]) == ("refused", "buy_licence")


@pytest.mark.clause("CWC-13")
@pytest.mark.parametrize(
    "facts",
    [{"topic": "customising"}, {"topic": "server_defect", "details": {"cause": "network_change"}}],
    ids=["another topic", "a cause of their own"],
)
async def test_what_is_out_of_scope_is_offered_as_paid_support_and_goes_on_once_that_is_bought(
    licensed: Any, facts: dict[str, Any]
) -> None:
    ticket_no = await asked(licensed, "contact-1", **facts)
    assert (await licensed.decided(ticket_no))["outcome"] == "quote"
    [offered] = await licensed.said("billing", QuoteOffered)
    assert (offered.ticket_no, offered.product) == (ticket_no, "paid-support")
    [letter] = await licensed.letters("quote")
    assert (letter.recipient, offered.quote_id in letter.text) == ("one@customer-1.example", True)
    assert "(clause CWC-13)" in letter.text
    assert await invoices(licensed) == 1  # nothing is charged before it is accepted

    await licensed.post("billing", f"/v1/quotes/{offered.quote_id}/accept")
    await licensed.system.settle()
    assert (await licensed.decided(ticket_no))["waiting_for"] == "purchase"  # until it is paid
    assert await invoices(licensed) == 2
    await pay(licensed, f"O-{offered.quote_id.removeprefix('Q-')}")
    assert (await licensed.decided(ticket_no))["outcome"] == "covered"
