"""Days that come in from outside: only those that terms, lots and time zones can be reckoned with."""

from typing import Any

import pytest
from kippu_billing.api.invoices import CertificateInput, PaymentInput
from kippu_billing.api.refunds import RefundInput
from kippu_service.http import Input
from pydantic import ValidationError

MONEY = {"invoice_no": "INV-O-1", "amount": 1, "currency": "THB"}
PAYMENT = MONEY | {"payment_id": "payment-1", "received_on": "2026-06-12"}
CERTIFICATE = MONEY | {"certificate_no": "W-1", "issued_on": "2026-06-12", "received_on": "2026-06-12"}
REFUND = {"reference": "bank-1", "paid_on": "2026-06-12"}


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
@pytest.mark.parametrize(
    ("body", "said", "field"),
    [
        (PaymentInput, PAYMENT, "received_on"),
        (CertificateInput, CERTIFICATE, "issued_on"),
        (CertificateInput, CERTIFICATE, "received_on"),
        (RefundInput, REFUND, "paid_on"),
    ],
)
def test_a_day_that_nothing_can_be_reckoned_from_is_refused(
    body: type[Input], said: dict[str, Any], field: str, day: str
) -> None:
    body.model_validate(said)
    with pytest.raises(ValidationError, match=field):
        body.model_validate(said | {field: day})
