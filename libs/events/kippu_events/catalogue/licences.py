"""Entitlement's events about licences: sold, maintained, and what their holder is known by.

Stream: `licence-{provider}-{licence_id}` for all licences that a customer holds under one family of terms, as they run
together; its id is the wallet's, `{customer_id}.{plan_family}`. What only the holder may know is kept sealed, for the
mail that delivers it, and hashed, to be recognised by.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from kippu_events.catalogue.entitlement import entitlement
from kippu_events.event import Event, Personal


class LicenceEvent(Event):
    licence_id: str
    customer_id: str


class _Maintained(LicenceEvent):
    plan_family: str
    plan_version: str
    order_id: str
    contact_id: str | None = None
    """Who bought or renewed it, and is answered (CWC-13)."""
    quantity: int
    """All licences that are held by now."""
    price_paid: int
    """For all of them at their purchase, in the minor unit, before tax."""
    full_on: date
    """The day on which their value is 100 %."""
    maintained_until: date
    """Local and inclusive."""
    ends_at: AwareDatetime
    """The first instant after the maintenance."""
    notice_at: AwareDatetime | None = None
    """When the notice about the end is due."""


@entitlement
class LicenceSold(_Maintained):
    """The first licences of a customer, with their first year of maintenance."""


@entitlement
class LicenceRenewed(_Maintained):
    """Maintenance goes on, begins anew after a lapse, or runs anew for all licences as others are added."""

    kind: Literal["continuing", "rejoining", "adding"]


@entitlement
class MemberIdIssued(LicenceEvent):
    """On payment, with the licence key (CWC-12)."""

    order_id: str
    contact_id: str | None = None
    language: str
    member_id_hash: str
    """SHA-256 (hex) of provider and ID; who presents the ID is recognised by it."""
    member_id: Personal
    licence_key: Personal
    maintained_until: date
    ends_at: AwareDatetime
    clause: str


@entitlement
class MemberIdVoided(LicenceEvent):
    """It stops working: another one was issued."""

    member_id_hash: str
    reason: Literal["renewed"]
    clause: str


@entitlement
class IncidentMemberIssued(LicenceEvent):
    """The number with which support is asked for that incidents pay (CWC-21)."""

    order_id: str
    contact_id: str | None = None
    language: str
    number_hash: str
    number: Personal
    clause: str


@entitlement
class RenewalNoticed(LicenceEvent):
    """The maintenance ends soon, and its holder is told (CWC-09). Written by a deadline."""

    contact_id: str | None = None
    language: str
    maintained_until: date
    fee: int
    """What a continuing renewal costs, in the minor unit, before tax."""
    currency: str
    clause: str


@entitlement
class MaintenanceEnded(LicenceEvent):
    """Its last day is over: member ID and benefits end with it (CWC-04). Written by a deadline."""

    ended_on: date
    """The last day."""
    clause: str
