"""What was sold: contracts in every state, licences with their member IDs, and services at an appointment."""

from datetime import date, timedelta
from typing import Any

from kippu_events.catalogue import billing, bookings, contracts, entitlement, licences
from kippu_events.catalogue.bookings import BookingTerms, ToPrepare
from kippu_events.event import Event
from kippu_privacy import Plain

from kippu_console.testing import Said
from kippu_console.testing.story import NOON, PRICE

TODAY = date(2026, 4, 30)
"""Where the provider is, at NOON."""
DAY = timedelta(days=1)
SITE = "1 Example Street"
SECRETS = ("MEMBER-SECRET", "KEY-SECRET", "NUMBER-SECRET", "hash-of-member", "hash-of-number")
LICENCE = "customer-1.cwc"


def published(source: str) -> Said:
    """The terms of a plan file."""
    family, version = (
        next(line.split('"')[1] for line in source.splitlines() if line.startswith(f"{key} ="))
        for key in ("family", "version")
    )
    plan = entitlement.PlanPublished(
        family=family, version=version, effective_from=TODAY, digest="", source=source, occurred_at=NOON
    )
    return "entitlement", f"plan-iij-{family}", plan


def contract(contract_id: str, last: date | None = None, *, customer: str = "customer-1", **facts: Any) -> Said:
    """A contract that was sold a year before its last day."""
    usual: dict[str, Any] = {
        "plan_family": "svt",
        "plan_version": "2026-01-01",
        "product": "advance-1y",
        "order_id": f"order-{contract_id}",
        "valid_from": last - 364 * DAY if last else None,
        "valid_until": last,
    }
    sold = contracts.ContractSold(contract_id=contract_id, customer_id=customer, occurred_at=NOON, **(usual | facts))
    return of_contract(contract_id, sold)


def of_contract(contract_id: str, event: contracts.ContractEvent) -> Said:
    return "entitlement", f"contract-iij-{contract_id}", event


def registered_contract() -> list[Said]:
    """Registered, moved, announced to end, and renewed: by one that takes its site over."""
    about: dict[str, Any] = {"contract_id": "C-old", "customer_id": "customer-1", "occurred_at": NOON}
    later: dict[str, Any] = about | {"contract_id": "C-new"}
    registered: dict[str, Any] = {
        "serial": "SN-1", "model": "M24ePWR", "contact_id": "contact-1", "registered_at": NOON, "area": "tokyo"
    }  # fmt: skip
    return [
        contract("C-old", TODAY + 20 * DAY, needs_registration=True, register_by=TODAY - DAY),
        of_contract("C-old", contracts.RegistrationReminded(**about, register_by=TODAY - DAY)),
        of_contract(
            "C-old",
            contracts.ContractRegistered(
                **about, **registered, active_from=TODAY, site=Plain("contact-1", "0 Former Street"), height_cm=120
            ),
        ),
        of_contract(
            "C-old",
            contracts.RegistrationChanged(
                **about, changed=("site", "height_cm"), effective_at=NOON, site=Plain("contact-1", SITE)
            ),
        ),
        of_contract(
            "C-old",
            contracts.DocumentIssued(
                **about, document_id="D-1", kind="registration_notice", clause="SVT-10", language="ja",
                content={}, contact_id="contact-1",
            ),
        ),
        of_contract("C-old", contracts.ContractEndAnnounced(**about, valid_until=TODAY + 20 * DAY)),
        contract("C-new", TODAY + 385 * DAY, needs_registration=True, renews="C-old"),
        of_contract("C-new", contracts.ContractRegistered(**later, **registered, site_of="C-old")),
    ]  # fmt: skip


def ended_contracts() -> list[Said]:
    about: dict[str, Any] = {"customer_id": "customer-2", "occurred_at": NOON}
    return [
        contract("C-ended", TODAY - 9 * DAY, customer="customer-2"),
        of_contract("C-ended", contracts.ContractEnded(contract_id="C-ended", ended_on=TODAY - 9 * DAY, **about)),
        contract("C-refunded", TODAY + 90 * DAY, customer="customer-2"),
        of_contract(
            "C-refunded",
            contracts.ContractRefunded(contract_id="C-refunded", order_id="o", reason="bought twice", **about),
        ),
        contract("C-bundle", customer="customer-2", needs_registration=True),
        of_contract(
            "C-bundle",
            contracts.ContractActivated(
                contract_id="C-bundle", active_from=TODAY, valid_until=TODAY + 700 * DAY, ends_at=NOON,
                register_by=TODAY + 90 * DAY, **about,
            ),
        ),
    ]  # fmt: skip


def device(serial: str, *contract_ids: str, **facts: Any) -> Said:
    """A device as it stands in the register, with contracts that were not sold here."""
    held = tuple(
        entitlement.AssetContract(
            contract_id=contract_id, product="advance-send-back", valid_from=TODAY, valid_until=TODAY + 200 * DAY
        )
        for contract_id in contract_ids
    )
    registered = entitlement.AssetRegistered(
        customer_id="customer-1", serial=serial, kind="equipment", model="NAS 4-bay", plan_family="qnp",
        bought_from_provider=True, installed_by="customer", contracts=held, occurred_at=NOON, **facts,
    )  # fmt: skip
    return "entitlement", f"asset-iij-{serial}", registered


def replaced_device() -> list[Said]:
    """NAS-1 was replaced by NAS-2, which has its contract from then on."""
    replaced = entitlement.AssetReplaced(
        customer_id="customer-1", old_serial="NAS-1", new_serial="NAS-2", replaced_on=TODAY, shipment_id="S",
        occurred_at=NOON,
    )  # fmt: skip
    return [
        device("NAS-1", "C-register"),
        device("NAS-2", "C-register"),
        ("entitlement", "asset-iij-NAS-2", replaced),
        ("entitlement", "asset-iij-NAS-1", replaced),
    ]


def licence() -> list[Said]:
    """Bought, known by a member ID and an incident number, renewed with another ID, and announced to end."""
    about: dict[str, Any] = {"licence_id": LICENCE, "customer_id": "customer-1", "occurred_at": NOON}
    held: dict[str, Any] = about | {
        "plan_family": "cwc", "plan_version": "2026-01-01", "order_id": "order-l", "quantity": 2,
        "price_paid": 400_000, "full_on": date(2025, 4, 15), "ends_at": NOON,
    }  # fmt: skip
    member: dict[str, Any] = about | {"order_id": "order-l", "language": "ja", "clause": "CWC-12"}
    issued = licences.MemberIdIssued(
        **member, member_id_hash="hash-of-member", member_id=Plain("contact-1", "MEMBER-SECRET"),
        licence_key=Plain("contact-1", "KEY-SECRET"), maintained_until=TODAY + 15 * DAY, ends_at=NOON + 16 * DAY,
    )  # fmt: skip
    events: list[licences.LicenceEvent] = [
        licences.LicenceSold(**held, maintained_until=TODAY - 350 * DAY),
        issued,
        licences.IncidentMemberIssued(
            **(member | {"clause": "CWC-21"}), number_hash="hash-of-number", number=Plain("contact-1", "NUMBER-SECRET")
        ),
        licences.LicenceRenewed(**held, maintained_until=TODAY + 15 * DAY, kind="continuing"),
        licences.MemberIdVoided(**about, member_id_hash="hash-of-member", reason="renewed", clause="CWC-12"),
        issued,
        licences.RenewalNoticed(
            **about, language="ja", maintained_until=TODAY + 15 * DAY, fee=80_000, currency="JPY", clause="CWC-09"
        ),
    ]
    return [("entitlement", f"licence-iij-{LICENCE}", event) for event in events]


def booking(booking_id: str, days: int, *events: bookings.BookingEvent, paid_by: Any = "invoice") -> list[Said]:
    """A service at an appointment so many days ahead: to be paid three days before, the points known two before."""
    starts_at = NOON + days * DAY
    requested = bookings.BookingRequested(
        booking_id=booking_id, customer_id="customer-1", contact_id="contact-1", product="ssl-setup",
        name={"en": "Setting up SSL", "ja": "SSL 設定"}, starts_at=starts_at, minutes=60, paid_by=paid_by,
        time_zone="Asia/Bangkok", occurred_at=NOON,
        terms=BookingTerms(
            clause="CWC-16", pay_by=TODAY + (days - 3) * DAY, void_at=starts_at - 3 * DAY, points_clause="CWC-17",
            points_by=TODAY + (days - 2) * DAY, points_due_at=starts_at - 2 * DAY,
            to_prepare=(
                ToPrepare(item="server", clause="CWC-19", name={"en": "The server is installed"}),
                ToPrepare(item="certificate", clause="CWC-19", name={"en": "The certificate is ready"}),
            ),
        ),
    )  # fmt: skip
    return [("dispatch", f"booking-iij-{booking_id}", event) for event in (requested, *events)]


def booked() -> list[Said]:
    """One that is still to be paid, one that nobody paid, one that is blocked, and one that is done."""

    def about(booking_id: str) -> dict[str, Any]:
        return {"booking_id": booking_id, "customer_id": "customer-1", "occurred_at": NOON}

    blocked, done, late = about("B-blocked"), about("B-done"), about("B-late")
    return [
        *booking("B-ahead", 10),
        *booking("B-unpaid", 2),
        *booking(
            "B-blocked",
            0,
            bookings.BookingConfirmed(**blocked, payment="invoice", paid_on=TODAY - 5 * DAY),
            bookings.PointsMailed(
                **blocked, contact_id="contact-1", points=("Which server?",), points_by=TODAY, starts_at=NOON,
                mailed_by="operator-1", clause="CWC-17", number=1,
            ),
            bookings.PointsDue(**blocked, missing="answers", clause="CWC-17"),
            bookings.ChecklistItemConfirmed(**blocked, item="server", met=True, confirmed_by="contact-1"),
            bookings.BookingBlocked(**blocked, unmet=("certificate",), clauses=("CWC-19",)),
        ),
        *booking(
            "B-done",
            -3,
            bookings.BookingConfirmed(**done, payment="incidents"),
            bookings.PointsAnswered(**done, answers=("the blue one",), answered_by="contact-1"),
            bookings.BookingCompleted(**done, completed_at=NOON),
            paid_by="incidents",
        ),
        *booking(
            "B-late",
            3,
            bookings.BookingVoided(
                **late, contact_id="contact-1", clause="CWC-16", void_at=NOON, starts_at=NOON + 3 * DAY
            ),
            bookings.BookingPaidLate(**late, paid_on=TODAY),
        ),
    ]  # fmt: skip


def given_back() -> list[Said]:
    """A refund that is to be paid, and one that is; a part of an invoice was taken back."""
    about: dict[str, Any] = {"invoice_no": "INV-9", "customer_id": "customer-1", "currency": "THB", "occurred_at": NOON}
    due: dict[str, Any] = about | {"order_id": "order-9", "amount": 100_000, "reason": "bought twice"}
    events: list[Event] = [
        billing.InvoiceIssued(
            **about, order_id="order-9", issued_on=TODAY, due_on=TODAY + 30 * DAY, price=PRICE, net=1, taxes=(),
            total=300_000,
        ),
        billing.CreditNoteIssued(
            **about, credit_note_no="CN-9", issued_on=TODAY, net=1, taxes=(), total=100_000, paid_back=100_000,
            reason="bought twice", part=True, outstanding=200_000,
        ),
        billing.RefundDue(**due, refund_id="RF-INV-9.1"),
        billing.RefundDue(**due, refund_id="RF-INV-9.2"),
        billing.RefundPaid(
            **about, refund_id="RF-INV-9.2", amount=100_000, paid_on=TODAY, reference="bank-1"
        ),
    ]  # fmt: skip
    return [("billing", "invoice-iij-INV-9", event) for event in events]


def everything() -> list[Said]:
    return [*registered_contract(), *ended_contracts(), *replaced_device(), *licence(), *booked(), *given_back()]
