"""Who there is in the story of CWC, and when it happens."""

from kippu.story.customers import CUSTOMER
from kippu.story.days import Days
from kippu.story.telling import TOKYO

FAMILY = "cwc"
LICENCE = f"{CUSTOMER}.{FAMILY}"
"""The licences of the customer, and the wallet of its incidents."""
SUPPORT = "support@cwc.example"
BUYER = "contact-1"
COLLEAGUE = "contact-2"

on = Days(2026, TOKYO)
"""1 December 2026 is a Tuesday."""

STARTS_AT = on(12, 1)
