"""Entitlement's events about contracts that were ordered: sold, registered, changed, ended.

Stream: `contract-{provider}-{contract_id}`. A contract's id is that of its order, `{order_id}-{n}` for one of several.
A contract that is dated and for a known device also stands on that asset, from which coverage is decided.
What came of a sheet of registrations that was mailed is on `sheet-{provider}-{sheet_id}`.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from kippu_events.catalogue.entitlement import entitlement
from kippu_events.event import Event, Personal, Value


class ContractEvent(Event):
    contract_id: str
    customer_id: str


@entitlement
class ContractSold(ContractEvent):
    """Sold under one version of the terms, whatever later ones say. Dates are local and inclusive."""

    plan_family: str
    plan_version: str
    product: str
    order_id: str
    options: tuple[str, ...] = ()
    """Options that were ordered with it."""
    serial: str | None = None
    """The device that it was ordered for, where that is known."""
    valid_from: date | None = None
    """None where it runs from a delivery to come."""
    valid_until: date | None = None
    ends_at: AwareDatetime | None = None
    """The first instant after its last day."""
    remind_at: tuple[AwareDatetime, ...] = ()
    """When notices of its end are due; none where the terms give none."""
    needs_registration: bool = False
    """True if it gives nothing before its registration is complete."""
    register_by: date | None = None
    registration_due_at: AwareDatetime | None = None
    """When a reminder is due, if it is not registered by then."""
    refundable_until: date | None = None
    renews: str | None = None
    """The contract that it renews."""
    area_agreed: bool = False
    """True if it was sold for the device's area after consultation."""


@entitlement
class ContractRegistered(ContractEvent):
    """Its registration is complete: for which device, who is asked about it, and where it stands."""

    serial: str
    model: str
    contact_id: str
    site: Personal | None = None
    """The address; None where that of `site_of` stays."""
    site_of: str | None = None
    """The contract on whose stream the address stands, where this one, a renewal of it, took it over (SVT-07)."""
    taken_over: tuple[str, ...] = ()
    """What was not stated, but is that of the contract that this one renews."""
    area: str | None = None
    remote_island: bool = False
    height_cm: int | None = None
    registered_at: AwareDatetime
    active_from: date | None = None
    """None where it was registered before its device was delivered."""


@entitlement
class ContractActivated(ContractEvent):
    """Its device was delivered: it runs from that day on."""

    active_from: date
    valid_until: date
    ends_at: AwareDatetime
    remind_at: tuple[AwareDatetime, ...] = ()
    register_by: date | None = None
    """By when it should be registered, where that counts from the delivery and it is not registered yet."""
    registration_due_at: AwareDatetime | None = None


@entitlement
class DeliveryCorrected(ContractActivated):
    """Its device was delivered on another day than was reported: it runs from that day on, and always did."""

    was_active_from: date
    """From when it ran by what had been reported."""


@entitlement
class RegistrationChanged(ContractEvent):
    """What is registered changed. `changed` names the fields below that did; the others are as before."""

    changed: tuple[str, ...]
    effective_at: AwareDatetime
    serial: str | None = None
    model: str | None = None
    contact_id: str | None = None
    site: Personal | None = None
    area: str | None = None
    remote_island: bool | None = None
    height_cm: int | None = None


@entitlement
class RegistrationReminded(ContractEvent):
    """It was not registered in the time in which it should be, and who bought it is told (SVT-09)."""

    register_by: date
    order_id: str | None = None
    waiting: tuple[str, ...] = ()
    """The contracts of the same order that are to be registered by the same day, and are not; this one among them."""
    contacts: dict[str, str] = Field(default_factory=dict)
    """Who is written to, by contact id, with the language that each reads."""
    clause: str | None = None
    subject_mark: str = ""
    """What the subject of a mail holds that brings the registration, where the terms take it by mail."""


@entitlement
class ContractRenewed(ContractEvent):
    """A renewal of it was sold: its service goes on under that, unless that is given back."""

    renewed_by: str
    """The contract that renews it."""


@entitlement
class ContractEndAnnounced(ContractEvent):
    """It ends soon, and who holds it is told."""

    valid_until: date


@entitlement
class ContractEnded(ContractEvent):
    """Its last day is over. It ended by itself, at the local midnight."""

    ended_on: date
    """The last day."""


@entitlement
class ContractRefunded(ContractEvent):
    """It was given back, and gives nothing any more."""

    order_id: str
    reason: str


@entitlement
class DocumentIssued(ContractEvent):
    """A document about it was made: what is printed in the box, the notice of its registration, the label.

    The event holds everything that the document states, and nothing personal: who shows or mails it sets it in type
    from that, and gets the same file each time.
    """

    document_id: str
    kind: Literal["service_ticket", "registration_notice", "label"]
    clause: str
    language: str
    content: dict[str, str]
    """What it states, by the names that documents have for it, such as `serial`; texts in its language."""
    contact_id: str | None = None
    """To whom it is mailed; None where nobody is named yet."""


class _SheetRead(Event):
    sheet_id: str
    customer_id: str
    contact_id: str
    """Who sent it, and is answered."""
    language: str
    clause: str
    subject: Personal
    """Of the mail that it came with."""
    file_name: Personal


@entitlement
class SheetImported(_SheetRead):
    """Every row of a mailed sheet is registered (SVT-08)."""

    registered: int
    already_registered: int
    """Rows that were registered with the same facts before."""


class SheetFault(Value):
    """What is wrong in one place. What a stranger wrote there, or over it, is in the sealed report alone."""

    code: str
    row: int | None = None
    """As the sheet counts them; None where it is about the file."""
    column: str | None = None
    """By its key; None where it is about the row, or a column that the template does not have."""
    clause: str | None = None


@entitlement
class SheetRefused(_SheetRead):
    """Nothing of a mailed sheet was registered (SVT-08)."""

    faults: int
    codes: tuple[str, ...]
    """What kinds of faults there are, each once."""
    report: Personal
    """Each fault with its row and column, a line each, in the contact's language."""
    found: tuple[SheetFault, ...] = ()
    """The faults by row, as many as a report has lines at most; none on record before they were."""
