"""A request that an operator declines by hand: with a clause of its terms, or not at all."""

from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_events.catalogue.intake import (
    MailRequested,
    ShipmentNoted,
    TicketClosed,
    TicketDeclined,
    TicketResolved,
    WorkRecorded,
)
from kippu_events.catalogue.values import WorkKind
from kippu_events.event import Event
from kippu_intake.domain import declining
from kippu_intake.domain.ticket_state import Status, Ticket, evolve
from kippu_intake.known import Known
from kippu_intake.outgoing import Composer, render
from kippu_intake.testing import NOW, House
from kippu_service.testing import Caller
from kippu_terms.refusal import Refused

NUMBER = "KP-7Q2M-04XN"
CLAUSES = {"CWC-25": {"ja": "サポートをお受けできないことがあります。", "en": "Support may not be given."}}
OPEN = Ticket(status=Status.OPEN, ticket_no=NUMBER, customer_id="customer-1", contact_id="contact-1")
ABOUT: dict[str, Any] = {"occurred_at": NOW, "ticket_no": NUMBER, "customer_id": "customer-1"}
WORK = WorkRecorded(
    work_id=f"{NUMBER}.W1", kind=WorkKind.ISOLATION, started_at=NOW, minutes=5, recorded_by="engineer-1", **ABOUT
)
LEFT = ShipmentNoted(shipment_id=f"{NUMBER}.S1", under_way=True, **ABOUT)
SAID_AS_WHOSE = {
    "en": "The reason, in the words of the person who recorded it: “It stays on.”",
    "ja": "理由（記録した者の言葉のまま）：「It stays on.」",
    "th": "เหตุผลตามถ้อยคำของผู้บันทึก: “It stays on.”",
}
REFUSAL = {"clause": "IIJ-06", "reason": "ตัวแทนจำหน่ายรายอื่นเป็นผู้ติดตั้ง"}


def by_hand(*before: Event, clause: str = "CWC-25", ticket: Ticket = OPEN) -> list[Event]:
    known = reduce(evolve, before, ticket)
    return declining.by_hand(known, CLAUSES, clause=clause, reason="It stays on.", now=NOW)


@pytest.mark.clause("CWC-25")
@pytest.mark.parametrize("status", [Status.OPEN, Status.WAITING])
@pytest.mark.parametrize(
    ("language", "text"), [("ja", CLAUSES["CWC-25"]["ja"]), ("en", CLAUSES["CWC-25"]["en"]), ("th", "Support may")]
)
def test_the_customer_is_told_the_clause_and_why(status: Status, language: str, text: str) -> None:
    ticket = Ticket(status=status, ticket_no=NUMBER, customer_id="customer-1", language=language)
    declined, mail = by_hand(ticket=ticket)
    assert declined == TicketDeclined(clause="CWC-25", reason="It stays on.", declined_by="operator", **ABOUT)
    assert isinstance(mail, MailRequested)
    assert (mail.template, mail.language, mail.parameters["clause"]) == ("declined_by_hand", language, "CWC-25")
    assert mail.parameters["clause_text"].startswith(text)
    assert mail.parameters["reason"] == "It stays on."
    _, written = render(mail, {})
    assert f"\n\n{mail.parameters['clause_text']}\n\n{SAID_AS_WHOSE[language]}\n" in written


@pytest.mark.parametrize(
    ("before", "kind", "codes"),
    [
        ((), "invalid", {"unknown_clause"}),
        ((TicketClosed(**ABOUT),), "conflict", {"unknown_clause", "wrong_status"}),
        ((TicketResolved(**ABOUT),), "conflict", {"unknown_clause", "wrong_status"}),
        ((TicketDeclined(clause="CWC-25", reason="", **ABOUT),), "conflict", {"unknown_clause", "wrong_status"}),
        ((WORK, LEFT), "conflict", {"unknown_clause", "work_recorded", "unit_left"}),
    ],
)
def test_every_fault_is_named_at_once(before: tuple[Event, ...], kind: str, codes: set[str]) -> None:
    with pytest.raises(Refused) as refused:
        by_hand(*before, clause="IIJ-05")
    assert (refused.value.kind, {fault.code for fault in refused.value.faults}) == (kind, codes)


@pytest.mark.parametrize(("done", "code"), [(WORK, "work_recorded"), (LEFT, "unit_left")])
def test_what_was_served_is_not_declined(done: Event, code: str) -> None:
    with pytest.raises(Refused) as refused:
        by_hand(done)
    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_unit_that_came_back_undelivered_was_not_served() -> None:
    assert by_hand(LEFT, LEFT.model_copy(update={"under_way": False}))


async def test_an_operator_declines_over_http(intake: House) -> None:
    asked = {"customer_id": "customer-1", "contact_id": "contact-1", "plan_family": "iij-se", "subject": "router"}
    async with Caller(intake.living.app, client_id="operator-1") as desk:
        path = f"/v1/tickets/{(await desk.post('/v1/tickets', json=asked)).json()['ticket_no']}"
        await intake.living.settle()
        intake.living.clock.advance(timedelta(hours=1))
        unheard_of = await desk.post(f"{path}/decline", json={**REFUSAL, "clause": "CWC-25"})
        [fault] = unheard_of.json()["errors"]
        assert (unheard_of.status_code, fault["field"], fault["code"]) == (422, "clause", "unknown_clause")
        assert "IIJ-06" in fault["message"]
        assert "CWC" not in fault["message"]
        blank = await desk.post(f"{path}/decline", json={**REFUSAL, "reason": " "})
        assert (blank.status_code, [each["field"] for each in blank.json()["errors"]]) == (422, ["reason"])

        known = {"Idempotency-Key": "decline-1", "If-Match": (await desk.get(path)).headers["etag"]}
        done = await desk.post(f"{path}/decline", json=REFUSAL, headers=known)
        assert (done.status_code, done.json()["status"]) == (200, "declined")
        again = await desk.post(f"{path}/decline", json=REFUSAL, headers=known)
        assert again.json() == done.json()
        stale = await desk.post(f"{path}/decline", json=REFUSAL, headers={"If-Match": known["If-Match"]})
        assert stale.status_code == 412
        assert (await desk.post(f"{path}/decline", json=REFUSAL)).status_code == 409
        await intake.living.settle()
        shown = (await desk.get(path)).json()
    assert (shown["status"], shown["clause"]) == ("declined", "IIJ-06")
    async with Caller(intake.living.app, customers=["customer-1"]) as portal:
        assert (await portal.post(f"{path}/decline", json=REFUSAL)).status_code == 403
    async with Caller(intake.living.app, "other") as others:
        assert (await others.post(f"{path}/decline", json=REFUSAL)).status_code == 404

    runtime = intake.living.runtime
    [declined] = await intake.said(TicketDeclined)
    assert declined.reason == REFUSAL["reason"]
    asked_for = [each for each in await runtime.log.read(0) if isinstance(each.event, MailRequested)]
    letter = await Composer(Known(runtime), runtime.vault).compose(asked_for[-1])
    assert letter is not None
    plan = await Known(runtime).plan("iij", "iij-se", NOW)
    assert plan is not None
    assert plan.clauses["IIJ-06"]["th"] in letter.text
    assert REFUSAL["reason"] in letter.text
