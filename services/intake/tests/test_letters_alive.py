"""Mails to holders of licences and to who has booked: opened for the recipient alone, and written once."""

from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest
from kippu_events.catalogue.billing import InvoiceIssued, RefundDue, RefundPaid
from kippu_events.catalogue.bookings import BookingVoided, PointsMailed
from kippu_events.catalogue.intake import MailRequested, TicketOpened
from kippu_events.catalogue.licences import IncidentMemberIssued, MemberIdIssued, RenewalNoticed
from kippu_events.catalogue.values import InvoiceMail, Price, PriceLine
from kippu_intake.known import Known
from kippu_intake.outgoing import Composer
from kippu_intake.sending import Letter
from kippu_intake.testing import NOW, ONE, House, a_mail
from kippu_privacy import Plain

HOLDER: dict[str, Any] = {
    "occurred_at": NOW,
    "licence_id": "customer-1.cwc",
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "language": "en",
}
BOOKED: dict[str, Any] = {
    "occurred_at": NOW,
    "booking_id": "O-9",
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "language": "en",
    "starts_at": datetime(2026, 12, 10, 5, tzinfo=UTC),
}
KEY = "customer-iij-customer-1"
ISSUED = MemberIdIssued(
    **HOLDER,
    order_id="O-1",
    member_id_hash="0" * 64,
    member_id=Plain(KEY, "AAAA-BBBB-CCCC-DDDD"),
    licence_key=Plain(KEY, "EEEEE-FFFFF"),
    maintained_until=date(2027, 11, 17),
    ends_at=datetime(2027, 11, 17, 15, tzinfo=UTC),
    clause="CWC-12",
)


async def letters(intake: House) -> list[Letter | None]:
    runtime = intake.living.runtime
    composer = Composer(Known(runtime), runtime.vault)
    asked = [each for each in await runtime.log.read(0) if isinstance(each.event, MailRequested)]
    return [await composer.compose(each) for each in asked]


@pytest.mark.clause("CWC-12")
async def test_key_and_member_id_are_mailed_with_how_to_apply_the_key_and_stored_nowhere_else(intake: House) -> None:
    await intake.living.hear("entitlement", "licence-iij-customer-1.cwc", ISSUED)
    await intake.living.settle()
    (letter,) = await letters(intake)
    assert letter is not None
    assert letter.recipient == ONE
    for said in ("AAAA-BBBB-CCCC-DDDD", "EEEEE-FFFFF", "apply the key", "2027-11-17", "CWC-12"):
        assert said in letter.text
    (asked,) = await intake.said(MailRequested)
    assert "AAAA" not in asked.model_dump_json()
    assert "EEEEE" not in asked.model_dump_json()


@pytest.mark.clause("CWC-09", "CWC-16", "CWC-17", "CWC-21")
async def test_numbers_notices_points_and_void_bookings_are_told_once_each(intake: House) -> None:
    number = IncidentMemberIssued(
        **HOLDER, order_id="O-2", number_hash="1" * 64, number=Plain(KEY, "GGGG-HHHH"), clause="CWC-21"
    )
    noticed = RenewalNoticed(**HOLDER, maintained_until=date(2027, 11, 17), fee=80_000, currency="JPY", clause="CWC-09")
    points = PointsMailed(
        **BOOKED,
        points=("Which server?", "Which name?"),
        points_by=date(2026, 12, 8),
        mailed_by="engineer-1",
        clause="CWC-17",
        number=1,
    )
    void = BookingVoided(**BOOKED, clause="CWC-16", void_at=datetime(2026, 12, 7, 15, tzinfo=UTC))
    await intake.living.hear("entitlement", "licence-iij-customer-1.cwc", number, noticed)
    await intake.living.hear("dispatch", "booking-iij-O-9", points, void)
    await intake.living.settle()
    texts = sorted(letter.text for letter in await letters(intake) if letter)
    said = ["GGGG-HHHH", "JPY 80,000", "2. Which name?", "please book again"]
    assert len(texts) == len(said)
    for each in said:
        assert [each in text for text in texts].count(True) == 1
    assert not any("$" in text for text in texts)


async def test_nobody_is_written_to_where_no_contact_is_on_record(intake: House) -> None:
    await intake.living.hear(
        "entitlement", "licence-iij-customer-1.cwc", ISSUED.model_copy(update={"contact_id": None})
    )
    await intake.living.settle()
    assert await intake.said(MailRequested) == []


@pytest.mark.clause("CWC-11")
async def test_an_invoice_is_mailed_to_who_ordered_once_where_the_terms_say_so(intake: House) -> None:
    line = PriceLine(product="licence", description="Licence", quantity=2, unit_price=200_000, tax_rate_permyriad=1000)
    invoice = InvoiceIssued(
        occurred_at=NOW,
        invoice_no="INV-O-1",
        customer_id="customer-1",
        order_id="O-1",
        issued_on=date(2026, 12, 1),
        due_on=date(2026, 12, 7),
        price=Price(
            currency="JPY",
            lines=(line,),
            tax_name="VAT",
            tax_rounding="down",
            payment_days=30,
            time_zone="Asia/Tokyo",
        ),
        net=400_000,
        taxes=(),
        total=440_000,
        currency="JPY",
        mail=InvoiceMail(clause="CWC-11", contacts={"contact-1": "en"}),
    )
    unmailed = invoice.model_copy(update={"invoice_no": "INV-O-2", "mail": None})
    await intake.living.hear("billing", "invoice-iij-INV-O-1", invoice)
    await intake.living.hear("billing", "invoice-iij-INV-O-2", unmailed)
    await intake.living.settle()
    (letter,) = await letters(intake)
    assert letter is not None
    assert letter.recipient == ONE
    assert letter.subject == "[O-1] Your invoice INV-O-1, to be paid by 2026-12-07"
    for said in ("CWC-11", "2 x Licence: JPY 400,000", "JPY 440,000"):
        assert said in letter.text


DUE: dict[str, Any] = {
    "occurred_at": NOW,
    "refund_id": "RF-INV-O-1.1",
    "invoice_no": "INV-O-1",
    "customer_id": "customer-1",
    "order_id": "O-1",
    "amount": 66_000,
    "currency": "JPY",
    "reason": "ordered\n\nby mistake",
    "credit_note_no": "CN-INV-O-1",
    "contacts": {"contact-1": "en"},
}
SAID_OF = {
    "taken_back": "“ordered by mistake”",
    "booking_void": "Your booking O-1 is void, as it was not paid in time",
    "booking_cancelled": "Your booking O-1 was cancelled",
    "charge_withdrawn": "has come back, so the charge is withdrawn",
    "not_served": "your order O-1 was ended without that work",
    "paid_too_late": "reached us after",
    "paid_too_much": "more than you owed",
}


def test_every_cause_has_its_words() -> None:
    assert set(SAID_OF) == set(get_args(RefundDue.model_fields["cause"].annotation))


async def test_a_refund_is_told_once_as_it_is_due_and_once_as_it_is_paid_whatever_the_cause(intake: House) -> None:
    for number, cause in enumerate(SAID_OF, start=1):
        due = RefundDue.model_validate(DUE | {"refund_id": f"RF-INV-O-1.{number}", "cause": cause})
        for _ in range(2):  # another event of the same content, not a redelivery
            await intake.living.hear("billing", "invoice-iij-INV-O-1", due)
    about = {name: DUE[name] for name in set(RefundPaid.model_fields) & set(DUE)}
    paid = RefundPaid(**about, paid_on=date(2026, 12, 2), reference="bank-9")
    nobody = paid.model_copy(update={"refund_id": "RF-INV-O-2.1", "contacts": {}})
    await intake.living.hear("billing", "invoice-iij-INV-O-1", paid, nobody)
    await intake.living.settle()
    told = {letter.text: letter for letter in await letters(intake) if letter}
    assert {letter.recipient for letter in told.values()} == {ONE}
    assert len(told) == len(await intake.said(MailRequested)) == 8
    for said in (*SAID_OF.values(), "bank-9"):
        (text,) = (each for each in told if said in each.replace("\n", " "))
        assert "JPY 66,000" in told[text].subject and "RF-INV-O-1." in text
    assert sum("CN-INV-O-1" in text for text in told) == 6, "where a credit note took it back"


async def test_no_refunds_mail_is_taken_for_anothers_whatever_its_reader_is_called(intake: House) -> None:
    """Invoices are named after orders and charges, whose ids hold dots, and so may those that clients choose."""
    due = RefundDue.model_validate(DUE | {"contacts": {"1.contact-1": "en", "paid.contact-1": "en"}})
    other = RefundDue.model_validate(DUE | {"refund_id": "RF-INV-O-1.1.1", "invoice_no": "INV-O-1.1"})
    about = {name: DUE[name] for name in set(RefundPaid.model_fields) & set(DUE)}
    paid = RefundPaid(**about, paid_on=date(2026, 12, 2), reference="bank-9")
    await intake.living.hear("billing", "invoice-iij-INV-O-1", due, paid)
    await intake.living.hear("billing", "invoice-iij-INV-O-1.1", other)
    await intake.living.settle()
    asked = await intake.said(MailRequested)
    assert len({each.mail_id for each in asked}) == len(asked) == 4


async def test_a_refund_of_a_charge_is_told_to_the_contact_of_its_request(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"))
    (opened,) = await intake.said(TicketOpened)
    due = RefundDue.model_validate(DUE | {"contacts": {}, "ticket_no": opened.ticket_no})
    await intake.living.hear("billing", "invoice-iij-INV-O-1", due)
    await intake.living.settle()
    told = (await letters(intake))[-1]
    assert told is not None
    assert (told.recipient, "JPY 66,000" in told.subject) == (ONE, True)
    assert "คืนเงิน" in told.subject, "in the language of the request"
