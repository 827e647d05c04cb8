"""What intake knows of entitlement's facts: contacts by their address, salespeople, and the terms.

The address is opened to make its keyed hash (`AddressIndex`), and kept nowhere.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.catalogue.entitlement import ContactAdded, CustomerRegistered, PlanPublished
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry
from kippu_privacy.address_index import AddressIndex
from kippu_privacy.vault import Vault

_CONTACTS = """
insert into read.known_contact (provider, contact_id, customer_id, language, name, mail, address_index)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])
on conflict (provider, contact_id) do nothing
"""

_CUSTOMERS = """
insert into read.known_customer (provider, customer_id, salesperson_name, salesperson_mail)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
"""

_PLANS = """
insert into read.known_plan (provider, family, version, effective_from, source)
select * from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[])
"""


class KnownContacts(Projector):
    name = "known-contacts"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (ContactAdded, CustomerRegistered)
    tables = ("known_contact", "known_customer")

    def __init__(self, vault: Vault, addresses: AddressIndex) -> None:
        self._vault = vault
        self._addresses = addresses

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        added = [envelope for envelope in batch if isinstance(envelope.event, ContactAdded)]
        registered = [envelope for envelope in batch if isinstance(envelope.event, CustomerRegistered)]
        if added:
            mails = await self._vault.open_carried([carry(envelope, "mail") for envelope in added])
            rows = [await self._contact(envelope, mail) for envelope, mail in zip(added, mails, strict=True)]
            await connection.execute(_CONTACTS, *zip(*rows, strict=True))
        if registered:
            await connection.execute(_CUSTOMERS, *zip(*map(_customer, registered), strict=True))

    async def _contact(self, envelope: Envelope, mail: str | None) -> tuple[Any, ...]:
        event: Any = envelope.event
        return (
            envelope.provider,
            event.contact_id,
            event.customer_id,
            event.language,
            carry(envelope, "name"),
            carry(envelope, "mail"),
            await self._addresses.of(envelope.provider, mail) if mail is not None else None,
        )


class KnownPlans(Projector):
    name = "known-plans"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (PlanPublished,)
    tables = ("known_plan",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        published = [(envelope.provider, envelope.event) for envelope in batch]
        rows = [
            (provider, event.family, event.version, event.effective_from, event.source)
            for provider, event in published
            if isinstance(event, PlanPublished)
        ]
        if rows:
            await connection.execute(_PLANS, *zip(*rows, strict=True))


def _customer(envelope: Envelope) -> tuple[Any, ...]:
    event: Any = envelope.event
    return (
        envelope.provider,
        event.customer_id,
        carry(envelope, "salesperson_name"),
        carry(envelope, "salesperson_mail"),
    )
