"""Who and what there is in the story, and when it happens."""

from kippu.story.customers import CUSTOMER
from kippu.story.days import Days
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

on = Days(2026, BANGKOK)
"""15 June is a Monday."""

STARTS_AT = on(6, 15)
