"""What QNP's terms come to in yen: consumption tax rounded down once, the charge for a unit that is not returned."""

from collections.abc import Callable
from datetime import date, datetime
from functools import reduce
from zoneinfo import ZoneInfo

import pytest
from kippu_billing.domain import charge, crediting, invoice, paying
from kippu_billing.domain.charge import Charge
from kippu_billing.domain.invoice import Invoice
from kippu_billing.domain.paying import Payment
from kippu_events.catalogue.billing import ChargeRaised, ChargeWithdrawn, CreditNoteIssued, InvoiceIssued, RefundDue
from kippu_events.catalogue.entitlement import OrderAccepted
from kippu_events.catalogue.shipments import ReturnOverdue, UnitReturned
from kippu_events.catalogue.values import Price, PriceLine

TOKYO = ZoneInfo("Asia/Tokyo")
MIDNIGHT = datetime(2026, 5, 23, tzinfo=TOKYO)
"""The end of 22 May, by which the unit was due back."""
CHARGE = "C-KP-0000-0001.S2.R"
NUMBER = f"INV-{CHARGE}"
OF_SHIPMENT = {"shipment_id": "KP-0000-0001.S2", "ticket_no": "KP-0000-0001", "customer_id": "customer-1"}


def yen(*amounts: int) -> Price:
    return Price(
        currency="JPY",
        lines=tuple(
            PriceLine(product="qnp-5", description="x", quantity=1, unit_price=amount, tax_rate_permyriad=1000)
            for amount in amounts
        ),
        tax_name="消費税",
        tax_rounding="down",
        payment_days=30,
        time_zone="Asia/Tokyo",
    )


def raised(amount: int = 80_000) -> list[ChargeRaised]:
    overdue = ReturnOverdue(
        occurred_at=MIDNIGHT,
        serial="NAS-1",
        due_on=date(2026, 5, 22),
        charge=yen(amount),
        clause="QNP-01",
        **OF_SHIPMENT,
    )
    events = charge.demand(Charge(), charge.for_overdue_return(overdue), MIDNIGHT)
    return [event for event in events if isinstance(event, ChargeRaised)]


def invoiced() -> Invoice:
    events = invoice.issue_for_charge(Invoice(), CHARGE, "customer-1", yen(80_000), MIDNIGHT)
    return reduce(invoice.evolve, events, Invoice())


def paid() -> Invoice:
    events = paying.receive(invoiced(), NUMBER, Payment("payment-1", 88_000, "JPY", date(2026, 5, 23)), MIDNIGHT)
    return reduce(invoice.evolve, events, invoiced())


@pytest.mark.clause("QNP-16")
def test_5_tickets_for_60000_yen_are_invoiced_with_10_percent_consumption_tax() -> None:
    order = OrderAccepted(
        occurred_at=MIDNIGHT,
        order_id="order-1",
        customer_id="customer-1",
        plan_family="qnp",
        plan_version="2026-04-01",
        product="qnp-5",
        quantity=1,
        price=yen(60_000),
        tickets=5,
    )
    (issued,) = invoice.issue(Invoice(), order, MIDNIGHT)
    assert isinstance(issued, InvoiceIssued)
    assert (issued.currency, issued.net, issued.total) == ("JPY", 60_000, 66_000)


@pytest.mark.parametrize(("amounts", "tax"), [((9,), 0), ((19,), 1), ((335, 335, 329), 99), ((5, 5), 1)])
def test_consumption_tax_is_rounded_down_once_on_the_invoices_total(amounts: tuple[int, ...], tax: int) -> None:
    net, (rate,), total = invoice.totals_of(yen(*amounts))
    assert (rate.tax, total) == (tax, net + tax)


@pytest.mark.clause("QNP-01")
def test_a_unit_that_is_not_returned_is_charged_by_the_clause_and_invoiced_on_the_day_after() -> None:
    (event,) = raised()
    assert (event.charge_id, event.clause, event.net, event.total) == (CHARGE, "QNP-01", 80_000, 88_000)
    (issued,) = invoice.issue_for_charge(Invoice(), event.charge_id, event.customer_id, event.price, MIDNIGHT)
    assert isinstance(issued, InvoiceIssued)
    assert (issued.invoice_no, issued.issued_on, issued.total) == (NUMBER, date(2026, 5, 23), event.total)


@pytest.mark.clause("QNP-01")
@pytest.mark.parametrize(("given", "paid_back"), [(invoiced, 0), (paid, 88_000)])
def test_a_unit_that_comes_late_takes_its_charge_back_where_the_plan_credits_it(
    given: Callable[[], Invoice], paid_back: int
) -> None:
    returned = UnitReturned(
        occurred_at=MIDNIGHT, serial="NAS-1", received_on=date(2026, 5, 25), late=True, credited=True, **OF_SHIPMENT
    )
    reason = charge.reason_gone(returned)
    assert reason is not None
    note, *due = crediting.credit(given(), NUMBER, reason, MIDNIGHT)
    assert isinstance(note, CreditNoteIssued)
    assert (note.credit_note_no, note.total, note.paid_back) == (f"CN-{NUMBER}", 88_000, paid_back)
    assert [each.amount for each in due if isinstance(each, RefundDue)] == ([paid_back] if paid_back else [])
    (withdrawn,) = charge.withdraw(charge.evolve(Charge(), raised()[0]), CHARGE, reason, MIDNIGHT)
    assert isinstance(withdrawn, ChargeWithdrawn)


@pytest.mark.clause("QNP-01")
def test_where_the_plan_keeps_it_the_charge_stays() -> None:
    returned = UnitReturned(
        occurred_at=MIDNIGHT, serial="NAS-1", received_on=date(2026, 5, 25), late=True, credited=False, **OF_SHIPMENT
    )
    assert charge.reason_gone(returned) is None
