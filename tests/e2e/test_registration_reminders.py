"""Who bought service tickets is reminded by mail to register them, three months after they arrived (SVT-09)."""

from datetime import date, timedelta
from typing import Any

import pytest
from kippu_entitlement.registration.contract_rows import COLUMNS
from kippu_entitlement.testing.contracts import REGISTRATION_BODY
from kippu_entitlement.testing.workbooks import filled
from kippu_events.catalogue.contracts import ContractRegistered, RegistrationReminded
from kippu_terms.dates import start_of


@pytest.mark.clause("SVT-08", "SVT-09")
async def test_who_ordered_is_reminded_once_of_what_waits_and_answers_with_the_sheet(counter: Any) -> None:
    desk = await counter("svt")
    sold = await desk.order("advance-1y", quantity=3, contact_id="contact-2")
    first, second, third = sold["contracts"]
    await desk.post("entitlement", f"/v1/contracts/{second}/registration", REGISTRATION_BODY)
    due = start_of(date.fromisoformat(sold["register_by"]), desk.plan.zone)
    await desk.system.move_to(due - timedelta(seconds=1))
    assert await desk.letters("registration_reminder") == []
    await desk.system.move_to(due)
    assert len(await desk.said("entitlement", RegistrationReminded)) == 2  # of each that waits
    [letter] = await desk.letters("registration_reminder")
    assert letter.recipient == "two@customer-1.example"
    assert letter.subject == f"[registration] サービスチケットを {sold['register_by']} までにご登録ください"
    assert first in letter.text and third in letter.text and second not in letter.text
    assert "SVT-09" in letter.text and "Salesperson One" in letter.text

    row = {key: value for key, value in REGISTRATION_BODY.items() if key != "site"}
    rows = [
        row | {"contract_id": id_, "serial": f"1234567891{n}", "address": "Here"}
        for n, id_ in enumerate((first, third))
    ]
    await desk.mail("contact-2", f"Re: {letter.subject}", files=[("登録.xlsx", filled(*rows, known=COLUMNS))])
    assert len(await desk.said("entitlement", ContractRegistered)) == 3


@pytest.mark.clause("SVT-09")
async def test_where_the_order_names_nobody_all_contacts_are_reminded_in_their_languages(counter: Any) -> None:
    desk = await counter("svt")
    added = {"id": "contact-4", "name": "Contact Four", "mail": "four@customer-1.example", "language": "th"}
    await desk.post("entitlement", "/v1/customers/customer-1/contacts", added)
    sold = await desk.order("advance-1y")
    registered = await desk.order("advance-1y")
    await desk.post("entitlement", f"/v1/contracts/{registered['contracts'][0]}/registration", REGISTRATION_BODY)
    await desk.system.move_to(start_of(date.fromisoformat(sold["register_by"]), desk.plan.zone))
    letters = {letter.recipient: letter.subject for letter in await desk.letters("registration_reminder")}
    assert letters == {
        "one@customer-1.example": f"[registration] Please register your service tickets by {sold['register_by']}",
        "two@customer-1.example": f"[registration] サービスチケットを {sold['register_by']} までにご登録ください",
        "four@customer-1.example": f"[registration] โปรดลงทะเบียนบัตรบริการของท่านภายใน {sold['register_by']}",
    }
