"""Entitlement's events about who is served and for what: customers, contacts, assets.

Streams: `customer-{provider}-{customer_id}`, `contact-{provider}-{contact_id}` (a contact id is one person's in the
whole provider), `asset-{provider}-{serial}`.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from kippu_events.catalogue.entitlement.publisher import entitlement
from kippu_events.event import Event, Personal, Value


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
    sold: bool = False
    """True if an order sold it: it leaves the asset by being given back, and not by being left out of a registration of
    the asset."""


class UndatedContract(Value):
    """A maintenance contract that was registered for an asset before its delivery, with which its term begins (SVT-26).

    Once that is reported, it is an AssetContract.
    """

    contract_id: str
    product: str
    plan_version: str
    """The version of the terms that it was sold under, and keeps."""
    contact_id: str | None = None
    registered_at: AwareDatetime
    area_agreed: bool = False


@entitlement
class AssetReplaced(Event):
    """A replacement was delivered, or put in place on site: its serial is covered from `replaced_on`, the old one no
    longer.

    On both assets' streams, in one append; the new one's is registered with the old one's contracts before it.
    """

    customer_id: str
    old_serial: str
    new_serial: str
    replaced_on: date
    shipment_id: str
    """Or the visit's id."""


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
    undated: tuple[UndatedContract, ...] = ()
    """The contracts that are registered for it and wait for its delivery."""


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
