"""What there is in the story of NEC-ESP, and when it happens."""

from typing import Any

from kippu.story.customers import CUSTOMER
from kippu.story.days import Days
from kippu.story.telling import TOKYO

FAMILY = "nec-esp"

YOUNG = "SV-1001"
"""Bought on 10 January 2026, in warranty for a year."""
OLD = "SV-1002"
"""Bought on 1 December 2023, with a pack of the older family for 3 years."""
LATE = "SV-1003"
"""Bought on 26 November 2023, never with any pack."""

on = Days(2026, TOKYO)
"""20 November is a Friday, and Monday the 23rd a holiday."""

STARTS_AT = on(11, 19)


def server(serial: str, bought_on: str, warranty_until: str) -> dict[str, Any]:
    return {
        "customer_id": CUSTOMER,
        "serial": serial,
        "kind": "equipment",
        "model": "Server",
        "plan_family": FAMILY,
        "bought_from_provider": True,
        "bought_on": bought_on,
        "warranty_until": warranty_until,
        "installed_by": "provider",
        "area": "tokyo",
    }
