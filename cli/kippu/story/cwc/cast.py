"""Who there is in the story of CWC, and when it happens."""

from datetime import datetime

from kippu.story.customers import CUSTOMER
from kippu.story.telling import TOKYO

FAMILY = "cwc"
LICENCE = f"{CUSTOMER}.{FAMILY}"
"""The licences of the customer, and the wallet of its incidents."""
SUPPORT = "support@cwc.example"
BUYER = "contact-1"
COLLEAGUE = "contact-2"


def on(month: int, day: int, time: str = "09:00", year: int = 2026) -> datetime:
    """An instant in Tokyo. 1 December 2026 is a Tuesday."""
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T{time}").replace(tzinfo=TOKYO)


STARTS_AT = on(12, 1)
