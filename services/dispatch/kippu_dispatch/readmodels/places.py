"""Where shipments go: the places that requests name, and the sites that are registered with contracts.

An address is copied as it was sealed (`carry`); nothing here can read it.
"""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.contracts import ContractRegistered, RegistrationChanged
from kippu_events.catalogue.intake import RequestDetailsRecorded, TicketClassified, TicketOpened
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.personal import carry

from kippu_dispatch.readmodels.writing import write

ADDRESS = """
select case $1 when 'named_place' then (select address from read.named_place where place_id = $2)
               else (select coalesce(site.address, stated.address)
                       from (select address, site_of from read.registered_site
                              where contract_id = $3 and effective_at <= $4
                              order by effective_at desc, version desc limit 1) as site
                       left join lateral
                            (select address from read.registered_site
                              where contract_id = site.site_of and effective_at <= $4 and address is not null
                              order by effective_at desc, version desc limit 1) as stated on true) end as address
"""
"""Of a kind of destination: the named place $2, or the site that was registered with the contract $3 at an instant."""

_NAMED = """
insert into read.named_place (provider, place_id, customer_id, address)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
"""

_REGISTERED = """
insert into read.registered_site (provider, contract_id, version, customer_id, effective_at, address, site_of)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
"""


class NamedPlaces(Projector):
    name = "named-places"
    logs = ("intake",)
    subscribes = (TicketOpened, TicketClassified, RequestDetailsRecorded)
    tables = ("named_place",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        said = [(at, event) for at in batch if isinstance(event := at.event, self.subscribes)]
        rows = [
            (at.provider, event.details.place_id, event.customer_id, carry(at, "ship_to_address"))
            for at, event in said
            if event.details is not None and event.details.place_id is not None
        ]
        await write(connection, _NAMED, rows)


class RegisteredSites(Projector):
    name = "registered-sites"
    logs = ("entitlement",)
    subscribes = (ContractRegistered, RegistrationChanged)
    tables = ("registered_site",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        rows = [row for at in batch if (row := _site(at)) is not None]
        await write(connection, _REGISTERED, rows)


def _site(at: Envelope) -> tuple[Any, ...] | None:
    """None where the site stays as it is."""
    match at.event:
        case ContractRegistered() as event:
            effective_at, site_of = event.registered_at, event.site_of
        case RegistrationChanged() as event if "site" in event.changed:
            effective_at, site_of = event.effective_at, None
        case _:
            return None
    return (at.provider, event.contract_id, at.version, event.customer_id, effective_at, carry(at, "site"), site_of)
