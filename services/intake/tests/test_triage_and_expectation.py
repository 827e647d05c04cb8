"""By what is decided, a request waits for triage and is told what it can expect: listed, shown, and mailed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.intake import MailRequested, TicketOpened
from kippu_events.catalogue.values import ClauseFinding, Outcome, Remedy, Reply
from kippu_intake.known import Known
from kippu_intake.outgoing import Composer
from kippu_intake.testing import NOW, ONE, House, a_mail
from kippu_service.testing import Caller

TARGET = Target(
    kind="answer",
    clause="QNP-14",
    started_at=NOW,
    bound="from",
    due_at=NOW + timedelta(days=1),
    calendar_version="2026-1",
    time_zone="Asia/Bangkok",
)


async def decides(intake: House, ticket: TicketOpened, outcome: Outcome, **changes: Any) -> None:
    usual: dict[str, Any] = {"decision": 1, "deciding_clause": "QNP-14", "findings": (), "remedies": ()}
    decided = CoverageDecided(
        occurred_at=NOW,
        ticket_no=ticket.ticket_no,
        customer_id=ticket.customer_id,
        contact_id=ticket.contact_id,
        plan_family=ticket.plan_family,
        plan_version="2025-04-01",
        outcome=outcome,
        facts={},
        **(usual | changes),
    )
    await intake.living.hear("entitlement", f"case-iij-{ticket.ticket_no}", decided)
    await intake.living.settle()


async def letters(intake: House) -> list[Any]:
    """What goes out, as the outbox composes it."""
    runtime = intake.living.runtime
    composer = Composer(Known(runtime), runtime.vault)
    asked = [each for each in await runtime.log.read(0) if isinstance(each.event, MailRequested)]
    return [await composer.compose(each) for each in asked]


async def test_what_waits_for_triage_is_listed_until_it_is_classified(intake: House) -> None:
    await intake.taken(a_mail("[ticket] something"))
    [ticket] = await intake.said(TicketOpened)
    await decides(intake, ticket, Outcome.WAITING, waiting_for="classification")
    waiting = {"waiting_for": "classification"}
    async with Caller(intake.living.app) as desk:
        [item] = (await desk.get("/v1/tickets", params=waiting)).json()["items"]
        assert (item["ticket_no"], item["status"], item["category"]) == (ticket.ticket_no, "waiting", None)
        path = f"/v1/tickets/{ticket.ticket_no}"
        unheard_of = await desk.post(f"{path}/classification", json={"category": "gardening"})
        [fault] = unheard_of.json()["errors"]
        assert (unheard_of.status_code, fault["field"], fault["code"]) == (422, "category", "unknown_category")
        assert "preventive_maintenance" in fault["message"]
        await desk.post(f"{path}/classification", json={"category": "fault", "asset_serial": "DEVICE-1"})
        await decides(intake, ticket, Outcome.COVERED_BY_DEBIT, decision=2, metered=True)
        assert (await desk.get("/v1/tickets", params=waiting)).json()["items"] == []
        for category, count in (("fault", 1), ("question", 0)):
            found = (await desk.get("/v1/tickets", params={"category": category})).json()["items"]
            assert len(found) == count


@pytest.mark.clause("QNP-14")
async def test_when_an_answer_can_be_expected_is_shown_with_the_request_and_mailed(intake: House) -> None:
    await intake.taken(a_mail("[ticket] how is it done"))
    [ticket] = await intake.said(TicketOpened)
    opening = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
    outside = ClauseFinding(
        clause="QNP-14",
        rule="reception",
        inputs={"inside_hours": False, "counts_from": "2026-11-19T09:00:00+07:00"},
        result="note",
        text={"en": "Weekdays from 9:00 to 17:30."},
    )
    reply = Reply(about="answer_wanted_by", answer="not_binding", clause="QNP-14")
    expected = {"counts_from": opening, "targets": (TARGET,), "replies": (reply,), "findings": (outside,)}
    async with Caller(intake.living.app) as desk:
        path = f"/v1/tickets/{ticket.ticket_no}"
        assert (await desk.get(path)).json()["expectation"] is None
        await decides(intake, ticket, Outcome.COVERED, **expected)
        await decides(intake, ticket, Outcome.COVERED, **expected, decision=2)
        shown = (await desk.get(path)).json()
    assert (shown["expectation"]["decision"], shown["expectation"]["counts_from"]) == (1, "2026-11-19T02:00:00Z")
    [target] = shown["expectation"]["targets"]
    assert (target["kind"], target["bound"], target["due_at"]) == ("answer", "from", "2026-11-19T03:00:00Z")
    assert [each["answer"] for each in shown["expectation"]["replies"]] == ["not_binding"]
    _, letter = await letters(intake)
    assert letter.recipient == ONE
    assert "2026-11-19 09:00" in letter.text
    assert [each["template"] for each in shown["mails"]] == ["ticket_opened", "expected"]


@pytest.mark.clause("SVT-15")
async def test_what_is_asked_of_the_customer_is_mailed_and_their_answer_resumes_the_request(intake: House) -> None:
    await intake.taken(a_mail("[ticket] it is slow"))
    [ticket] = await intake.said(TicketOpened)
    remedy = Remedy(
        action="update_firmware", clause="SVT-15", text={"en": "Update the firmware.", "th": "อัปเดตเฟิร์มแวร์"}
    )
    asked = {"waiting_for": "customer", "deciding_clause": "SVT-15", "remedies": (remedy,)}
    await decides(intake, ticket, Outcome.WAITING, **asked)
    async with Caller(intake.living.app) as desk:
        path = f"/v1/tickets/{ticket.ticket_no}"
        waiting = (await desk.get(path)).json()
        assert (waiting["status"], waiting["waiting_for"], waiting["clause"]) == ("waiting", "customer", "SVT-15")
        _, letter = await letters(intake)
        assert "อัปเดตเฟิร์มแวร์" in letter.text
        await intake.taken(a_mail(f"Re: [{ticket.ticket_no}]", "Done."))
        assert (await desk.get(path)).json()["status"] == "open"
