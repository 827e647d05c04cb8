"""Tax that a customer withholds: the invoice is paid by the money and the certificate together, in either order."""

from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_billing.domain import crediting, paying
from kippu_billing.domain import invoice as invoices
from kippu_billing.domain.invoice import Invoice, evolve
from kippu_billing.domain.paying import Payment
from kippu_billing.domain.withholding import Certificate, certify
from kippu_events.catalogue.billing import CreditNoteIssued, InvoicePaid, RefundDue, TaxWithheld
from kippu_events.catalogue.values import Price, PriceLine
from kippu_events.event import Event
from kippu_terms.refusal import Refused

NOW = datetime(2026, 6, 12, 3, tzinfo=UTC)
TODAY = date(2026, 6, 12)
NUMBER = "INV-C-1"


def issued(net: int = 1_000_000, permyriad: int | None = 300) -> Invoice:
    """These terms let 3 % of the amount before VAT be withheld: 300.00 of 10,700.00."""
    line = PriceLine(product="se-10", description="10 tickets", quantity=1, unit_price=net, tax_rate_permyriad=700)
    price = Price(
        currency="THB",
        lines=(line,),
        tax_name="VAT",
        tax_rounding="half_up",
        payment_days=30,
        time_zone="Asia/Bangkok",
        withholding_permyriad=permyriad,
    )
    return after(Invoice(), *invoices.issue_for_charge(Invoice(), "C-1", "customer-1", price, NOW))


def after(invoice: Invoice, *events: Event) -> Invoice:
    return reduce(evolve, events, invoice)


def certificate(amount: int = 30_000, **changes: Any) -> Certificate:
    usual: dict[str, Any] = {"certificate_no": "certificate-1", "currency": "THB", "issued_on": TODAY}
    return Certificate(**{**usual, "amount": amount, "received_on": TODAY, **changes})


def paid(invoice: Invoice, amount: int, received_on: date = TODAY) -> list[Event]:
    return paying.receive(invoice, NUMBER, Payment("payment-1", amount, "THB", received_on), NOW)


def test_money_net_of_three_per_cent_and_the_certificate_pay_the_invoice_in_full() -> None:
    owed = issued()
    in_part = after(owed, *paid(owed, 1_040_000, date(2026, 6, 10)))
    assert (in_part.outstanding, in_part.is_paid) == (30_000, False)
    withheld, settled = certify(in_part, NUMBER, certificate(), NOW)
    assert isinstance(withheld, TaxWithheld) and isinstance(settled, InvoicePaid)
    assert (withheld.amount, withheld.outstanding, settled.paid_on) == (30_000, 0, TODAY)
    assert after(in_part, withheld, settled).is_paid


def test_the_certificate_may_come_first() -> None:
    owed = issued()
    certified = after(owed, *certify(owed, NUMBER, certificate(), NOW))
    assert (certified.outstanding, certified.withheld) == (1_040_000, 30_000)
    assert [type(event) for event in paid(certified, 1_040_000)][1:] == [InvoicePaid]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"amount": 30_001}, {"certificate.amount.too_large"}),
        ({"amount": 0}, {"certificate.amount.too_small"}),
        ({"currency": "JPY"}, {"certificate.currency.differs"}),
        ({"received_on": date(2026, 6, 13)}, {"certificate.received_on.future"}),
        (
            {"issued_on": date(2026, 6, 13), "amount": 40_000},
            {"certificate.issued_on.late", "certificate.amount.too_large"},
        ),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named_all_at_once(changes: dict[str, Any], codes: set[str]) -> None:
    with pytest.raises(Refused) as refused:
        certify(issued(), NUMBER, certificate(**changes), NOW)
    assert (refused.value.kind, {fault.code for fault in refused.value.faults}) == ("invalid", codes)


def test_no_more_is_withheld_than_the_terms_say_over_all_certificates_or_than_is_owed() -> None:
    owed = issued()
    half = after(owed, *certify(owed, NUMBER, certificate(15_000), NOW))
    with pytest.raises(Refused, match="15000 may be withheld"):
        certify(half, NUMBER, certificate(15_001, certificate_no="certificate-2"), NOW)
    nearly = after(owed, *paid(owed, 1_069_999))
    with pytest.raises(Refused, match="1 may be withheld"):
        certify(nearly, NUMBER, certificate(2), NOW)


def test_terms_that_let_nothing_be_withheld_take_no_certificate() -> None:
    with pytest.raises(Refused) as refused:
        certify(issued(permyriad=None), NUMBER, certificate(1), NOW)
    assert [fault.code for fault in refused.value.faults] == ["withholding.not_allowed"]


def test_the_same_certificate_twice_one_on_a_paid_invoice_and_one_on_none_are_refused() -> None:
    owed = issued()
    certified = after(owed, *certify(owed, NUMBER, certificate(10_000), NOW))
    with pytest.raises(Refused, match="recorded on this invoice already") as twice:
        certify(certified, NUMBER, certificate(10_000), NOW)
    assert twice.value.kind == "conflict"
    with pytest.raises(Refused, match="paid in full"):
        certify(after(owed, *paid(owed, 1_070_000)), NUMBER, certificate(), NOW)
    with pytest.raises(Refused, match="no invoice") as unknown:
        certify(Invoice(), NUMBER, certificate(), NOW)
    assert unknown.value.kind == "not_found"


def test_a_credit_note_pays_back_the_money_and_not_what_the_authorities_have() -> None:
    owed = issued()
    settled = after(owed, *paid(owed, 1_040_000))
    settled = after(settled, *certify(settled, NUMBER, certificate(), NOW))
    note, due = crediting.credit(settled, NUMBER, "sold by mistake", NOW)
    assert isinstance(note, CreditNoteIssued) and isinstance(due, RefundDue)
    assert (note.paid_back, note.withheld, due.amount) == (1_040_000, 30_000, 1_040_000)


@given(net=st.integers(1, 10**9), permyriad=st.integers(1, 10_000))
def test_what_may_be_withheld_is_a_share_of_the_net_rounded_once(net: int, permyriad: int) -> None:
    invoice = issued(net, permyriad)
    assert invoice.issued is not None
    exact = net * permyriad / 10_000
    withholdable = invoice.issued.withholdable(invoice.net_left)
    assert abs(withholdable - exact) <= 0.5 + exact * 1e-12
    assert 0 <= withholdable <= net
