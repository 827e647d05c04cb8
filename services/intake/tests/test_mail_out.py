"""What is written to people: every template in every language, and letters composed from real events."""

from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from kippu_events.catalogue.billing import QuoteOffered, QuoteRefused
from kippu_events.catalogue.dispatch import VisitDeclined, VisitHeld, VisitPostponed
from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.intake import MailRequested, MailSent, TicketDeclined, TicketOpened
from kippu_events.catalogue.values import ClauseFinding, Outcome, Price
from kippu_events.outbox import Delivered, NotNow
from kippu_events.work import Cause
from kippu_intake.app import mailer
from kippu_intake.known import Known
from kippu_intake.outgoing import LANGUAGES, Composer, UnknownTemplate, fold_of, render, texts_in
from kippu_intake.sending import Folder, Mailer
from kippu_intake.testing import NOW, ONE, STRANGER, SUPPORT, House, a_mail
from kippu_service.testing import Caller

SATURDAY = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PARAMETERS = {
    "ticket_no": "KP-0000-0001",
    "clause": "IIJ-09",
    "reason": "because",
    "clause_text": "Support may not be given.",
    "starts_at": SATURDAY.isoformat(),
    "from_at": SATURDAY.isoformat(),
    "to_at": SATURDAY.isoformat(),
    "minutes": "60",
    "quote_id": "Q-1",
    "product": "se-10",
    "quantity": "1",
    "net": "THB 1.00",
    "total": "THB 1.07",
    "valid_until": "2026-12-01",
    "address": SUPPORT,
    "prefix": "[ticket]",
    "explanation": "The request is covered.",
    "asked": "Update the firmware.",
    "serial": "NAS-2001",
    "item": "NAS-1001",
    "defective_serial": "NAS-1001",
    "received_serial": "NAS-9001",
    "model": "NAS 4-bay",
    "shipped_at": SATURDAY.isoformat(),
    "carrier_reference": "PARCEL-1",
    "target": "",
    "due_on": "2026-12-01",
    "received_on": "2026-12-01",
    "contract_id": "O-1",
    "booking_id": "O-1",
    "points": "1. Which server?",
    "points_by": "2026-12-01",
    "maintained_until": "2026-12-01",
    "fee": "JPY 80,000",
    "registered": "2",
    "already_registered": "0",
    "faults": "1",
    "kilobytes": "32",
    "waiting": "  O-1",
    "register_by": "2026-12-01",
    "mark": "[registration]",
    "shipment_id": "KP-0000-0001.S1",
    "invoice_no": "INV-O-1",
    "order_id": "O-1",
    "lines": "  1 x Licence",
    "reasons": "  No licence was bought.",
    "refund_id": "RF-INV-O-1.1",
    "amount": "JPY 66,000",
    "credit_note_no": "CN-INV-O-1",
    "payment_id": "payment-1",
    "paid_on": "2026-12-01",
    "reference": "bank-1",
}
SEALED = {"sealed_member_id": "AAAA-BBBB", "sealed_licence_key": "CCCCC-DDDDD", "sealed_number": "EEEE-FFFF"}
SEALED |= {"sealed_file_name": "switches.xlsx", "sealed_report": "- row 2"}
ABOUT_NO_TICKET = {
    "unmatched",
    "unknown_sender",
    "member_id_issued",
    "incident_number_issued",
    "renewal_notice",
    "booking_points",
    "booking_void",
    "sheet_imported",
    "sheet_refused",
    "sheet_too_large",
    "registration_reminder",
    "booking_cancelled",
    "booking_fallen",
    "invoice",
    "refund_taken_back",
    "refund_booking_void",
    "refund_booking_cancelled",
    "refund_charge_withdrawn",
    "refund_not_served",
    "refund_paid_too_late",
    "refund_paid_too_much",
    "refund_paid",
}


def request(template: str, language: str, parameters: dict[str, str]) -> MailRequested:
    return MailRequested(
        occurred_at=NOW, mail_id="m", template=template, language=language, contact_id="c", parameters=parameters
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_is_there_in_every_language_and_fills(language: str) -> None:
    assert set(texts_in(language).by_name) == set(texts_in("en").by_name)
    for template in texts_in(language).by_name:
        opened = {"time_zone": "Asia/Bangkok", **SEALED}
        subject, text = render(request(template, language, PARAMETERS), opened)
        assert "$" not in subject + text
        if template not in ABOUT_NO_TICKET and not template.startswith("document_"):
            assert "[KP-0000-0001]" in subject
            assert "KP-0000-0001" in text


SAID_AS_WHOSE = {
    "en": "The reason, in the words of the person who recorded it: “because”\n",
    "ja": "理由（記録した者の言葉のまま）：「because」\n",
    "th": "เหตุผลตามถ้อยคำของผู้บันทึก: “because”\n",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_money_goes_back_is_said_in_the_readers_language_and_a_persons_words_are_quoted_as_theirs(
    language: str,
) -> None:
    for template in sorted(each for each in texts_in(language).by_name if each.startswith("refund_")):
        _, text = render(request(template, language, PARAMETERS), {})
        quoted = template == "refund_taken_back"
        assert ("because" in text, SAID_AS_WHOSE[language] in text) == (quoted, quoted), template


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_a_booking_is_cancelled_is_quoted_as_somebodys_words_or_said_in_the_readers_language(language: str) -> None:
    cancelled, fallen = (
        render(request(name, language, PARAMETERS), {})[1] for name in ("booking_cancelled", "booking_fallen")
    )
    assert SAID_AS_WHOSE[language] in cancelled
    assert "because" not in fallen.replace("because the request", "")


def test_times_are_told_in_the_providers_zone_and_sales_by_name() -> None:
    opened = {"time_zone": "Asia/Bangkok", "salesperson_name": "S", "salesperson_mail": "s@provider.example"}
    subject, _ = render(request("visit_booked", "en", PARAMETERS), opened)
    assert subject == "[KP-0000-0001] The work is booked for 2026-11-21 10:00 (UTC+07:00)"
    _, text = render(request("declined", "en", PARAMETERS), opened)
    assert "S <s@provider.example>" in text
    assert "your salesperson" in render(request("declined", "fr", PARAMETERS), {})[1]


def test_nothing_is_sent_half_filled() -> None:
    with pytest.raises(KeyError):
        render(request("declined", "en", {"ticket_no": "KP-0000-0001"}), {})
    with pytest.raises(UnknownTemplate):
        render(request("of_a_newer_build", "en", PARAMETERS), {})


async def _letters(intake: House) -> list[Any]:
    """What goes out, as the outbox composes it."""
    runtime = intake.living.runtime
    composer = Composer(Known(runtime), runtime.vault)
    asked = [each for each in await runtime.log.read(0) if isinstance(each.event, MailRequested)]
    return [await composer.compose(each) for each in asked]


async def test_letters_go_to_contacts_by_their_record_and_to_strangers_by_their_mail(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router", Message_ID="<m1@customer-1.example>"))
    await intake.taken(a_mail("router", sender=STRANGER), sender=STRANGER)
    known, stranger = await _letters(intake)
    [opened] = await intake.said(TicketOpened)
    assert (known.recipient, known.in_reply_to) == (ONE, "<m1@customer-1.example>")
    assert known.subject == f"[{opened.ticket_no}] เราได้รับคำขอของท่านแล้ว: [ticket] router"
    assert stranger.recipient == STRANGER
    assert "[ticket]" in stranger.text


async def test_an_answer_of_the_desk_goes_to_the_contact_whole(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"))
    [opened] = await intake.said(TicketOpened)
    async with Caller(intake.living.app) as desk:
        await desk.post(f"/v1/tickets/{opened.ticket_no}/messages", json={"text": "Costs $5; please restart it."})
    await intake.living.settle()
    letter = (await _letters(intake))[-1]
    assert (letter.recipient, letter.text.splitlines()[0]) == (ONE, "Costs $5; please restart it.")


async def test_a_mail_waits_while_its_contact_is_not_known_here(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"))
    await intake.living.runtime.writers.execute("delete from read.known_contact")  # as a rebuild begins
    with pytest.raises(NotNow):
        await _letters(intake)


async def test_nothing_is_written_to_an_erased_person(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"))
    await intake.living.runtime.vault.erase("iij", "contact-iij-contact-1")
    assert await _letters(intake) == [None]
    await intake.taken(a_mail("[ticket] again"))  # from then on, a stranger's
    assert [asked.template for asked in await intake.said(MailRequested)] == ["ticket_opened", "unknown_sender"]


def only_mail_in(folder: Path) -> EmailMessage:
    [file] = folder.glob("*.eml")
    return message_from_bytes(file.read_bytes(), policy=default)


async def test_the_outcome_is_recorded_and_the_mail_is_from_an_address_that_takes_answers(
    intake: House, tmp_path: Path
) -> None:
    await intake.taken(a_mail("[ticket] router"))
    runtime = intake.living.runtime
    composer = Composer(Known(runtime), runtime.vault)
    carrier = Mailer(composer.compose, Folder(tmp_path), fold_of, domain="kippu.example", senders={"iij": SUPPORT})
    [asked] = [each for each in await runtime.log.read(0) if isinstance(each.event, MailRequested)]
    outcome = await carrier.send(asked)
    assert isinstance(outcome, Delivered)
    await runtime.worker.run(Cause("outbox:1", "outbox"), lambda work: carrier.record(asked, outcome, work))
    [sent] = await intake.said(MailSent)
    message = only_mail_in(tmp_path)
    assert (message["From"].addresses[0].addr_spec, message["Message-ID"]) == (SUPPORT, sent.message_id)
    assert message["Auto-Submitted"]
    assert isinstance(mailer(runtime, Known(runtime)), Mailer)


async def test_reactors_tell_the_contact_what_others_decided(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"))
    [opened] = await intake.said(TicketOpened)
    about = {"occurred_at": NOW, "ticket_no": opened.ticket_no, "customer_id": "customer-1"}
    visit = {**about, "visit_id": f"{opened.ticket_no}.V1"}
    stream = f"visit-iij-{opened.ticket_no}"
    await intake.living.hear("dispatch", stream, VisitHeld(**visit, clause="IIJ-09"))
    postponed = VisitPostponed(
        **visit, from_at=SATURDAY, to_at=SATURDAY, minutes=60, clause="IIJ-09", reason="nobody free", postponed_by="d1"
    )
    await intake.living.hear("dispatch", stream, postponed)
    offered = QuoteOffered(
        **about,
        quote_id="Q-1",
        plan_family="iij-se",
        product="se-10",
        quantity=1,
        price=Price(
            currency="THB", lines=(), tax_name="VAT", tax_rounding="half_up", payment_days=30, time_zone="Asia/Bangkok"
        ),
        net=100_000,
        taxes=(),
        total=107_000,
        valid_until=date(2026, 12, 18),
        reason="shortfall",
        clause="IIJ-07",
    )
    await intake.living.hear("billing", "quote-iij-Q-1", offered)
    quoted = offered.model_copy(update={"quote_id": "Q-2", "clause": "SVT-19", "out_of_scope": True})
    await intake.living.hear("billing", "quote-iij-Q-2", quoted)
    refused = QuoteRefused(
        **about, quote_id="Q-2", order_id="O-2", clauses=("SVT-03", "SVT-04"), reasons=("No device is named.",)
    )
    await intake.living.hear("billing", "quote-iij-Q-2", refused)
    await intake.living.settle()
    letters = {letter.subject: letter for letter in await _letters(intake)}
    assert len(letters) == 6
    assert any("SVT-03, SVT-04" in letter.text and "No device" in letter.text for letter in letters.values())
    assert any("ใบเสนอราคา" in subject for subject in letters)
    assert any("SVT-19" in letter.text and "Q-2" in letter.text for letter in letters.values())
    assert any("2026-11-21 10:00 (UTC+07:00)" in subject for subject in letters)
    assert any("THB 1,070.00" in letter.text for letter in letters.values())

    decided = CoverageDecided(
        **about,
        contact_id="contact-1",
        decision=1,
        plan_family="iij-se",
        plan_version="2025-04-01",
        outcome=Outcome.REFUSED,
        deciding_clause="IIJ-05",
        findings=(
            ClauseFinding(clause="IIJ-05", rule="r", inputs={}, result="refused", text={"en": "No.", "th": "ไม่"}),
        ),
        remedies=(),
        facts={},
    )
    await intake.living.hear("entitlement", f"case-iij-{opened.ticket_no}", decided)
    await intake.living.settle()
    await intake.living.hear("dispatch", stream, VisitDeclined(**visit, clause="IIJ-09", reason="x", declined_by="d1"))
    await intake.living.settle()
    [declined] = await intake.said(TicketDeclined)
    assert declined.clause == "IIJ-05"
    [refusal] = [letter for letter in await _letters(intake) if "IIJ-05" in letter.text]
    assert "Salesperson One <sales-1@provider.example>" in refusal.text
