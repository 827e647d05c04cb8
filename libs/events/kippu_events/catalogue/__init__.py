"""Every event of every service, each defined once. Published events never change in a way an old reader cannot read.

`tests/contract/schemas/` holds the exported JSON Schema of each published version; a test fails on an incompatible
change. Names are past tense and say one thing. Amounts are integers of the currency's minor unit. Dates are local dates
of the provider's time zone, instants are UTC.
"""

from kippu_events.catalogue import (
    billing,
    bookings,
    capacity,
    contracts,
    dispatch,
    entitlement,
    intake,
    licences,
    quoting,
    shipments,
)

__all__ = [
    "billing",
    "bookings",
    "capacity",
    "contracts",
    "dispatch",
    "entitlement",
    "intake",
    "licences",
    "quoting",
    "shipments",
]
