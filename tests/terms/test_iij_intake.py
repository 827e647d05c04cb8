"""IIJ-01 to IIJ-03 at work: three touchpoints, a number at once on each, one thread, and no way in by guessing."""

from collections.abc import AsyncIterator

import pytest
from kippu_events.catalogue.intake import MailRequested, MailUnmatched, MessageAdded, TicketOpened
from kippu_events.testing.plugin import MakeDatabase
from kippu_intake.testing import STRANGER, THREE, TWO, House, a_mail, house
from kippu_service.testing import Caller
from kippu_terms.plan import Plan

REQUEST = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "plan_family": "iij-se",
    "subject": "router down",
    "text": "The router is down.",
}


@pytest.fixture
async def intake(service_database: MakeDatabase, iij_se: Plan) -> AsyncIterator[House]:
    async with house(service_database, iij_se.source) as alive:
        yield alive


@pytest.mark.clause("IIJ-01", "IIJ-02")
async def test_each_touchpoint_gives_a_number_at_once_that_answers_the_status(intake: House) -> None:
    await intake.taken(a_mail("  [TICKET] router down"))
    async with Caller(intake.living.app, customers=["customer-1"]) as portal, Caller(intake.living.app) as desk:
        by_portal = (await portal.post("/v1/tickets", json=REQUEST)).json()["ticket_no"]
        by_telephone = (await desk.post("/v1/tickets", json={**REQUEST, "channel": "telephone"})).json()["ticket_no"]
        await intake.living.settle()
        opened = {event.channel: event.ticket_no for event in await intake.said(TicketOpened)}
        assert opened == {"mail": opened["mail"], "portal": by_portal, "telephone": by_telephone}
        assert len(set(opened.values())) == 3
        for number in opened.values():
            assert (await portal.get(f"/v1/tickets/{number}")).json()["status"] == "open"
    told = [asked.parameters["ticket_no"] for asked in await intake.said(MailRequested)]
    assert sorted(told) == sorted(opened.values())


@pytest.mark.clause("IIJ-01")
@pytest.mark.parametrize("subject", ["router down", "Re: [ticket] router down", "[ ticket ] router down"])
async def test_without_the_prefix_no_ticket_is_opened_and_the_sender_is_told_how(intake: House, subject: str) -> None:
    await intake.taken(a_mail(subject))
    assert await intake.said(TicketOpened) == []
    [asked] = await intake.said(MailRequested)
    assert (asked.template, asked.parameters["prefix"], asked.parameters["clause"]) == (
        "unmatched", "[ticket]", "IIJ-01"
    )  # fmt: skip


@pytest.mark.clause("IIJ-01")
async def test_an_operator_can_turn_an_unmatched_mail_into_a_ticket(intake: House) -> None:
    await intake.taken(a_mail("router down", sender=STRANGER), sender=STRANGER)
    async with Caller(intake.living.app) as operator:
        [mail] = (await operator.get("/v1/unmatched-mail")).json()["items"]
        chosen = {"customer_id": "customer-1", "contact_id": "contact-1", "plan_family": "iij-se"}
        made = await operator.post(f"/v1/unmatched-mail/{mail['mail_id']}/ticket", json=chosen)
    assert made.status_code == 201
    [opened] = await intake.said(TicketOpened)
    assert opened.ticket_no == made.json()["ticket_no"]


@pytest.mark.clause("IIJ-03")
async def test_mail_portal_and_telephone_of_one_request_are_one_thread(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router down", "By mail."))
    [opened] = await intake.said(TicketOpened)
    await intake.taken(a_mail(f"Re: {opened.ticket_no.lower()} router", "A colleague by mail.", sender=TWO), sender=TWO)
    path = f"/v1/tickets/{opened.ticket_no}"
    async with Caller(intake.living.app, customers=["customer-1"]) as portal, Caller(intake.living.app) as desk:
        await portal.post(f"{path}/messages", json={"text": "By portal."})
        called = {"text": "By telephone.", "channel": "telephone", "contact_id": "contact-1"}
        await desk.post(f"{path}/messages", json=called)
        await desk.post(f"{path}/messages", json={"text": "Our answer."})
        await intake.living.settle()
        thread = (await portal.get(path)).json()["messages"]
    assert [(each["channel"], each["direction"], each["text"]) for each in thread] == [
        ("mail", "inbound", "By mail."),
        ("mail", "inbound", "A colleague by mail."),
        ("portal", "inbound", "By portal."),
        ("telephone", "inbound", "By telephone."),
        ("portal", "outbound", "Our answer."),
    ]


@pytest.mark.clause("IIJ-03")
@pytest.mark.parametrize("guesser", [THREE, STRANGER])
async def test_nobody_outside_the_organisation_joins_by_guessing_a_number(intake: House, guesser: str) -> None:
    await intake.taken(a_mail("[ticket] router down"))
    [opened] = await intake.said(TicketOpened)
    await intake.taken(a_mail(f"Re: [{opened.ticket_no}]", sender=guesser), sender=guesser)
    assert await intake.said(MessageAdded) == []
    [unmatched] = await intake.said(MailUnmatched)
    assert unmatched.reason == "foreign_thread"
    answer = (await intake.said(MailRequested))[-1]
    assert (answer.template, opened.ticket_no in answer.model_dump_json(exclude={"subject", "recipient"})) == (
        "unmatched", False
    )  # fmt: skip
