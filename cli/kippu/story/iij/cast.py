"""Who and what there is in the story, and when it happens."""

from datetime import datetime

from kippu.story.customers import CUSTOMER
from kippu.story.telling import BANGKOK

FAMILY = "iij-se"
WALLET = f"{CUSTOMER}.{FAMILY}"

SUPPORT = "support@iij.example"

ROUTER = "SN-1001"
"""In warranty, bought from the provider and installed by it."""
OLD_SWITCH = "SN-1002"
"""Out of warranty since 31 March 2026."""
OWN_FIREWALL = "SN-1003"
"""Installed by the customer."""
LAPTOP = "SN-1004"
"""Under a maintenance agreement."""


def on(month: int, day: int, time: str = "09:00") -> datetime:
    """An instant of 2026 in Bangkok. 15 June is a Monday."""
    hour, minute = map(int, time.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=BANGKOK)


STARTS_AT = on(6, 15)
