"""Tax that a customer withholds from what it pays, and pays to the authorities in the provider's name.

The invoice is paid in full by the money that came in and the certificates of what was withheld, in either order. No
more is withheld than the terms pinned in the invoice's price say, and never more than is owed. A certificate for what
was taken back before all of it had come in is recorded, as a payment of it is; nothing of it is due back.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kippu_events.catalogue.billing import TaxWithheld
from kippu_events.event import Event
from kippu_terms.dates import local_date
from kippu_terms.refusal import Fault, Refused

from kippu_billing.domain.invoice import Invoice, Issued, settled, settled_too_late


@dataclass(frozen=True, slots=True)
class Certificate:
    """`certificate_no` is the customer's, once per invoice. `amount` is in the currency's minor unit."""

    certificate_no: str
    amount: int
    currency: str
    issued_on: date
    received_on: date


def certify(invoice: Invoice, invoice_no: str, certificate: Certificate, now: datetime) -> list[Event]:
    """Records a certificate; InvoicePaid follows if nothing is owed any more, and PaidTooLate if nothing would be, had
    it not been taken back. Raises Refused with every fault."""
    issued = invoice.issued
    if issued is None:
        raise Refused(Fault("invoice.unknown", f"there is no invoice {invoice_no}", "invoice_no"), kind="not_found")
    conflicts, faults = _conflicts(invoice, certificate), _faults(invoice, issued, certificate, now)
    if conflicts or faults:
        raise Refused(*conflicts, *faults, kind="conflict" if conflicts else "invalid")
    withheld = TaxWithheld(
        occurred_at=now,
        invoice_no=invoice_no,
        customer_id=issued.customer_id,
        certificate_no=certificate.certificate_no,
        amount=certificate.amount,
        currency=certificate.currency,
        issued_on=certificate.issued_on,
        received_on=certificate.received_on,
        outstanding=max(invoice.outstanding - certificate.amount, 0),
    )
    if invoice.credited:
        return [withheld, *settled_too_late(invoice, certificate.amount, certificate.received_on, now)]
    return [withheld, *settled(invoice, withheld.outstanding, certificate.received_on, now)]


def _conflicts(invoice: Invoice, certificate: Certificate) -> list[Fault]:
    faults = []
    if certificate.certificate_no in invoice.certificates:
        message = f"certificate {certificate.certificate_no} is recorded on this invoice already"
        faults.append(Fault("certificate.repeated", message, "certificate_no"))
    if invoice.credited and not invoice.missing:
        faults.append(Fault("invoice.credited", "a credit note took the invoice back; nothing is owed", "invoice_no"))
    elif invoice.is_paid:
        faults.append(Fault("invoice.paid", "the invoice is paid in full; nothing more is owed on it", "invoice_no"))
    return faults


def _faults(invoice: Invoice, issued: Issued, certificate: Certificate, now: datetime) -> list[Fault]:
    faults = []
    withholdable = issued.withholdable(invoice.net_left + invoice.net_missed)
    left = min(withholdable - invoice.withheld, invoice.outstanding + invoice.missing)
    if withholdable == 0:
        faults.append(Fault("withholding.not_allowed", "the terms of this invoice let nothing be withheld", "amount"))
    elif certificate.currency != issued.currency:
        message = f"the invoice is in {issued.currency}, the certificate in {certificate.currency}"
        faults.append(Fault("certificate.currency.differs", message, "currency"))
    elif certificate.amount < 1:
        faults.append(Fault("certificate.amount.too_small", "at least 1 of the minor unit is withheld", "amount"))
    elif certificate.amount > left and not invoice.is_paid:
        message = f"the certificate is of {certificate.amount}; {max(left, 0)} may be withheld of what is still owed"
        faults.append(Fault("certificate.amount.too_large", message, "amount"))
    today = local_date(now, ZoneInfo(issued.time_zone))
    if certificate.received_on > today:
        message = f"a certificate is recorded once it came in; today is {today.isoformat()}"
        faults.append(Fault("certificate.received_on.future", message, "received_on"))
    if certificate.issued_on > certificate.received_on:
        faults.append(Fault("certificate.issued_on.late", "it came in before it was issued", "issued_on"))
    return faults
