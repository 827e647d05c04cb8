"""What the invoices of the console say of credit notes, and of money that comes in for what was taken back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from kippu_console.readmodels.money import Invoices
from kippu_events.catalogue.billing import CreditNoteIssued, PaymentReceived

NOW = datetime(2026, 11, 18, 3, tzinfo=UTC)
TODAY = date(2026, 11, 18)
INVOICE = {"occurred_at": NOW, "invoice_no": "INV-O-1", "customer_id": "customer-1", "currency": "JPY"}


def said(event: Any) -> dict[str, Any]:
    nowhere: Any = None  # the columns of an invoice do not depend on where its event stands
    return Invoices().columns(nowhere, event)


@pytest.mark.parametrize(
    ("part", "outstanding", "columns"),
    [
        (True, 26_400, {"outstanding": 26_400}),
        (False, 0, {"outstanding": 0, "status": "credited"}),
    ],
)
def test_a_note_for_a_part_leaves_the_rest_owed(part: bool, outstanding: int, columns: dict[str, Any]) -> None:
    note = {"credit_note_no": "CN-INV-O-1", "issued_on": TODAY, "net": 12_000, "taxes": (), "total": 13_200}
    event = CreditNoteIssued(**INVOICE, **note, paid_back=0, reason="one too many", part=part, outstanding=outstanding)
    assert said(event) == columns


@pytest.mark.parametrize(("taken_back", "columns"), [(False, {"status": "partly_paid", "outstanding": 0}), (True, {})])
def test_what_comes_in_for_a_credited_invoice_leaves_it_credited(taken_back: bool, columns: dict[str, Any]) -> None:
    paid = {"payment_id": "payment-1", "amount": 13_200, "received_on": TODAY, "outstanding": 0}
    assert said(PaymentReceived(**INVOICE, **paid, taken_back=taken_back)) == columns
