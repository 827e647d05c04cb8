"""Entitlement's events: customers, assets, plans, orders, wallets, and the coverage decision.

Streams: `customer-{provider}-{customer_id}`, `contact-{provider}-{contact_id}` (a contact id is one person's in the
whole provider), `asset-{provider}-{serial}`, `plan-{provider}-{family}`, `order-{provider}-{order_id}`,
`wallet-{provider}-{wallet_id}`, and `case-{provider}-{ticket_no}` for everything that is decided about one request. A
wallet's id is `{customer_id}.{plan_family}`.
"""

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime

from kippu_events.catalogue.fulfilment import ShipmentNeed, Target
from kippu_events.catalogue.hours import ServiceHours
from kippu_events.catalogue.quoting import QuoteNeed
from kippu_events.catalogue.values import (
    Allocation,
    ClauseFinding,
    Outcome,
    Price,
    Remedy,
    Reply,
    RequestDetails,
    WorkKind,
)
from kippu_events.event import Event, Personal, Value, published_by

entitlement = published_by("entitlement")


@entitlement
class CustomerRegistered(Event):
    customer_id: str
    name: Personal
    language: str
    country: str
    """ISO 3166-1 alpha-2."""
    salesperson_id: str
    """The provider's salesperson on record, named in answers that refer to sales (IIJ-10)."""
    salesperson_name: Personal
    salesperson_mail: Personal
    competitor: bool = False
    """True if it is marked as a competitor of the provider's."""
    contacts: tuple[str, ...] = ()
    """The contacts that it was registered with."""


@entitlement
class ContactNamed(Event):
    """A contact was added to the customer later. Who that is stands on the contact's own stream."""

    customer_id: str
    contact_id: str


@entitlement
class CompetitorMarked(Event):
    """The customer is a competitor of the provider's from now on, or is one no longer (CWC-20)."""

    customer_id: str
    competitor: bool
    marked_by: str


@entitlement
class ContactAdded(Event):
    customer_id: str
    contact_id: str
    name: Personal
    mail: Personal
    telephone: Personal | None = None
    language: str


class AssetContract(Value):
    """A maintenance contract that covers an asset, both days included."""

    contract_id: str
    product: str
    valid_from: date
    valid_until: date
    options: tuple[str, ...] = ()
    """Such as `non_return_disk`."""
    area_agreed: bool = False
    """True if it was sold for the device's area after consultation."""
    plan_version: str | None = None
    """The version of the terms that it was sold under, and keeps; None: whichever is in force decides."""
    contact_id: str | None = None
    """Who alone may ask under it, where the terms know such a person: the maintenance contact that was registered."""
    registered_at: AwareDatetime | None = None
    """When its registration was complete, where the terms ask for one."""
    status: Literal["pre_registered", "registered", "active"] | None = None
    """`pre_registered`: before its device was delivered. None where the terms know no registration."""


@entitlement
class AssetReplaced(Event):
    """Dispatch delivered a replacement: its serial is covered from `replaced_on`, the old one no longer.

    On both assets' streams, in one append; the new one's is registered with the old one's contracts before it.
    """

    customer_id: str
    old_serial: str
    new_serial: str
    replaced_on: date
    shipment_id: str


@entitlement
class AssetRegistered(Event):
    """A device or a service stands in the register; coverage is decided from it at `received_at` (IIJ-04)."""

    customer_id: str
    serial: str
    """The device's serial number, or the service's id."""
    kind: Literal["equipment", "service"]
    model: str
    plan_family: str
    bought_from_provider: bool
    bought_on: date | None = None
    warranty_until: date | None = None
    """The last day of the warranty, inclusive."""
    installed_by: Literal["provider", "customer", "third_party"]
    maintenance_agreement: str | None = None
    """The id of a maintenance agreement in force for it, if any (IIJ-08)."""
    delivered_on: date | None = None
    area: str | None = None
    """Where it stands, by the plan's areas, such as `tokyo`."""
    remote_island: bool = False
    height_cm: int | None = None
    """At what height it is installed, in whole centimetres, rounded down (SVT-24)."""
    disks_from: Literal["provider", "elsewhere"] | None = None
    part_of: str | None = None
    """The serial of the unit that a disk belongs to."""
    contracts: tuple[AssetContract, ...] = ()


@entitlement
class AssetCorrected(Event):
    """What the register said was wrong, and had been otherwise since `effective_at`.

    What is right stands in the AssetRegistered before it, in the same append. Where the serial itself was wrong, this
    is on both streams: on the wrong one, which was never the customer's, with the serial that was meant.
    """

    customer_id: str
    serial: str
    corrected: tuple[str, ...]
    """Names of AssetRegistered's fields. Empty if only the day was wrong, or the serial."""
    effective_at: AwareDatetime
    correct_serial: str | None = None
    corrected_by: str


@entitlement
class PlanPublished(Event):
    """A version of a provider's terms, whole, with the day from which it is in force."""

    family: str
    version: str
    effective_from: date
    digest: str
    """SHA-256 (hex) of `source`."""
    source: str
    """The plan file's text (TOML)."""


class OrderLine(Value):
    product: str
    quantity: int


class AcceptedLine(OrderLine):
    """A line beside the first one; its dates are as those of the order."""

    tickets: int = 0
    valid_from: date | None = None
    valid_until: date | None = None
    refundable_until: date | None = None
    register_by: date | None = None


@entitlement
class OrderPlaced(Event):
    order_id: str
    customer_id: str
    plan_family: str
    product: str
    quantity: int
    requested_on: date
    quote_id: str | None = None
    together: tuple[OrderLine, ...] = ()
    """The other lines of the order."""
    asset_serial: str | None = None
    """The registered device that it is for."""
    renews: str | None = None
    """The contract that it renews."""
    wanted_delivery_on: date | None = None
    contact_id: str | None = None
    """Who orders, and is written to about it."""


@entitlement
class OrderAccepted(Event):
    """Priced and pinned. What it is for is valid from `valid_from` to `valid_until`, both inclusive."""

    order_id: str
    customer_id: str
    plan_family: str
    plan_version: str
    product: str
    quantity: int
    price: Price
    """Of all lines."""
    tickets: int
    """How many prepaid tickets the first line credits once paid."""
    valid_from: date | None = None
    valid_until: date | None = None
    together: tuple[AcceptedLine, ...] = ()
    pay_by: date | None = None
    """The last day on which it can be paid, where the terms set one."""
    refundable_until: date | None = None
    """The last day on which the first line's contract can be given back, while nothing else stands against that."""
    register_by: date | None = None
    """Until when it should be registered."""
    area_agreed: bool = False
    """True if an operator agreed to it, where the terms leave it to consultation."""


@entitlement
class OrderRefused(Event):
    order_id: str
    customer_id: str
    clauses: tuple[str, ...]
    reasons: tuple[str, ...]


@entitlement
class OrderPaid(Event):
    """Billing said so: the invoice of this order is paid."""

    order_id: str
    customer_id: str
    invoice_no: str
    paid_on: date
    confirmed_at: AwareDatetime | None = None
    """When the payment was on record; before a booking's `void_at` it was in time, however late the news of it came."""


class RefundedLine(Value):
    """So much of one line of an order; `line` counts them from 1, the first one of the order included."""

    line: int
    product: str
    quantity: int
    contracts: tuple[str, ...] = ()
    """Which of its contracts, where it sells such."""


@entitlement
class OrderPartRefunded(Event):
    """A part of it was given back, and that part of its invoice is taken back. `number` counts the parts from 1."""

    order_id: str
    customer_id: str
    number: int
    lines: tuple[RefundedLine, ...]
    refunded_on: date
    reason: str


@entitlement
class OrderLapsed(Event):
    """Its invoice was taken back, as what it is for was not paid in time, or was called off: nothing comes of it."""

    order_id: str
    customer_id: str
    reason: str


@entitlement
class OrderRefunded(Event):
    """It was given back, whole, or the last that was left: what was sold with it gives nothing any more, and what is
    left of its invoice is taken back."""

    order_id: str
    customer_id: str
    refunded_on: date
    reason: str


@entitlement
class WalletOpened(Event):
    wallet_id: str
    customer_id: str
    plan_family: str


@entitlement
class TicketsCredited(Event):
    """A lot of prepaid tickets. It is usable from `valid_from` (an instant) until before `expires_at` (an instant)."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int
    valid_from: AwareDatetime
    expires_at: AwareDatetime
    order_id: str


@entitlement
class TicketDebited(Event):
    """Prepaid tickets were taken, from the lots that end first. The allocations are never computed again."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    quantity: int
    allocations: tuple[Allocation, ...]
    counts_at: AwareDatetime
    """The instant at which the lots had to be valid."""
    balance: int
    """What is left in all lots of the wallet that are valid at `counts_at`, after this debit."""
    clause: str
    booking_id: str | None = None
    """Given if it pays for a booking; for one that is for no request, `ticket_no` is the booking's id, too."""
    reason: str | None = None
    """What it is for, where that is not recorded work."""


@entitlement
class DebitShortfall(Event):
    """The wallet had too little: `missing` tickets are owed, and offered at `offer`."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    wanted: int
    missing: int
    offer_product: str
    offer_quantity: int
    offer: Price
    offer_valid_until: date
    clause: str


@entitlement
class ShortfallForgiven(Event):
    """What a debit had fallen short of is owed no more: the request is declined, or costs nothing after all."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    quantity: int


@entitlement
class TicketDebitReversed(Event):
    """A debit was undone, whole or in part; the tickets are back in the lots they came from."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    quantity: int
    allocations: tuple[Allocation, ...]
    reason: str
    booking_id: str | None = None
    """Given if the debit paid for a booking."""


@entitlement
class TicketsExpired(Event):
    """A lot ended with tickets unused. Written by a deadline; validity itself is a predicate at an instant."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int


@entitlement
class TicketsRevoked(Event):
    """Unused tickets of a lot were given back with what they were bought with."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int
    order_id: str


@entitlement
class TicketsReinstated(Event):
    """Tickets of an ended lot are usable again, for work that counts before the lot's end but was recorded after it."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int


@entitlement
class RequestNoted(Event):
    """Intake's request became a fact of ours, as opened or as classified anew; decisions rest on this."""

    ticket_no: str
    customer_id: str
    contact_id: str
    plan_family: str
    channel: str
    received_at: AwareDatetime
    category: str | None = None
    asset_serial: str | None = None
    wanted_at: AwareDatetime | None = None
    wanted_minutes: int | None = None
    topic: str | None = None
    part: str | None = None
    isolated_at: AwareDatetime | None = None
    """When the fault was isolated, as intake recorded it."""
    details: RequestDetails | None = None
    """All that was said of it beside that, by now."""
    answered_at: AwareDatetime | None = None
    """When the customer answered what the request waited for, if that was before `occurred_at`."""


class VisitNeed(Value):
    """Work at a wanted time: held for the dispatcher, or to be booked as asked (IIJ-09)."""

    wanted_at: AwareDatetime
    minutes: int
    held: bool
    notice_days: int
    clause: str
    target: Target | None = None
    to_agree: bool = False
    """True if nobody asked for a time: one is to be agreed, and `wanted_at` is the first that fits the target."""
    serial: str | None = None
    """The unit that the work is on, where it is a repair."""
    model: str | None = None
    part: str | None = None
    """The part to bring, where it is known which one failed."""
    failed_part: Literal["taken_away", "handed_over"] | None = None
    """What becomes of the failed part: the engineer takes it away, or it stays with the customer, who owns it."""
    failed_part_clause: str | None = None
    area: str | None = None
    """Where it is, by the plan's areas; None where that is not on record."""
    skill: str | None = None
    """What the engineer has to be able to do, where the plan says so of the service."""
    service_hours: ServiceHours | None = None
    """When the service is given; None for one that is given always, and for work that the terms do not limit."""


@entitlement
class CoverageDecided(Event):
    """The answer, and why. `decision` counts the decisions on this request from 1; the last one stands."""

    ticket_no: str
    customer_id: str
    contact_id: str
    decision: int
    plan_family: str
    plan_version: str
    outcome: Outcome
    metered: bool = False
    """True if the debit becomes known as work is recorded."""
    quantity: int | None = None
    """Prepaid tickets to debit at once, where that is known."""
    waiting_for: str | None = None
    deciding_clause: str
    findings: tuple[ClauseFinding, ...]
    remedies: tuple[Remedy, ...]
    facts: dict[str, Any]
    """What was decided on, so that it can be decided again."""
    visit: VisitNeed | None = None
    service: str | None = None
    """Which of the plan's services the request gets, such as `advance_send_back`."""
    way: Literal["exchange", "repair", "visit", "answer"] | None = None
    """A replacement ships first, the failed part is repaired, an engineer goes there, or a question is answered."""
    contract_id: str | None = None
    """The contract under which it gets it, where one is needed."""
    counts_from: AwareDatetime | None = None
    """When the request counts as received: outside hours, at the next opening."""
    shipment: ShipmentNeed | None = None
    targets: tuple[Target, ...] = ()
    """Empty until the fault is isolated, where they count from that."""
    failed_part: Literal["returned_later", "sent_first", "taken_away", "handed_over"] | None = None
    """What becomes of the failed part; once `handed_over`, it is the customer's."""
    carriage_paid_by: Literal["sender", "provider", "customer"] | None = None
    """Who pays for what ships; None where nothing does."""
    replies: tuple[Reply, ...] = ()
    """What is answered to wishes beside the request itself."""
    quote: QuoteNeed | None = None
    """What is offered, where the outcome is `quote` and the terms say what."""


@entitlement
class ApprovalRequested(Event):
    approval_id: str
    ticket_no: str
    customer_id: str
    clause: str


@entitlement
class ApprovalGranted(Event):
    approval_id: str
    ticket_no: str
    customer_id: str
    granted_by: str


@entitlement
class ApprovalRefused(Event):
    approval_id: str
    ticket_no: str
    customer_id: str
    refused_by: str


@entitlement
class WorkNoted(Event):
    """Recorded work became a fact of ours, with what it comes to by the plan's metering (IIJ-07).

    `units_due` is what the whole request owes after this entry; it is debited up to that, never twice.
    """

    ticket_no: str
    customer_id: str
    work_id: str
    kind: WorkKind
    started_at: AwareDatetime
    minutes: int
    counted: bool
    minutes_total: int
    units_due: int


@entitlement
class DebitNoted(Event):
    """The case's own record of a debit from the wallet, appended with it: what a reversal has to put back, and where.

    `settles` is the id of the debit that had fallen short, where this one takes what was still owed.
    """

    ticket_no: str
    customer_id: str
    wallet_id: str
    debit_id: str
    quantity: int
    allocations: tuple[Allocation, ...]
    settles: str | None = None


@entitlement
class RequestDeclined(Event):
    """Nothing more is debited for this request, and what was debited is put back, unless it is decided anew."""

    ticket_no: str
    customer_id: str
    clause: str
    reason: str
