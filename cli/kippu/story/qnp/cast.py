"""Who and what there is in the story of QNP, and when it happens."""

from datetime import datetime

from kippu.story.customers import CUSTOMER
from kippu.story.telling import TOKYO

FAMILY = "qnp"
WALLET = f"{CUSTOMER}.{FAMILY}"

IN_ADVANCE = "NAS-1001"
"""Under advance send-back."""
IN_WARRANTY = "NAS-1002"
"""Without a contract, under the maker's warranty."""
ON_SITE = "NAS-1003"
"""Under weekday on-site service, with the non-return disk option."""
AROUND_THE_CLOCK = "NAS-1004"
"""Under 24-hour on-site service."""
DISK = "HDD-1001"
"""In the unit under advance send-back."""
SPARE = "NAS-2001"
"""In stock, of the same model."""
MODEL = "NAS 4-bay"


def on(month: int, day: int, time: str = "09:00") -> datetime:
    """An instant of 2026 in Tokyo. 1 May is a Friday; 3 to 6 May are holidays."""
    return datetime.fromisoformat(f"2026-{month:02}-{day:02}T{time}").replace(tzinfo=TOKYO)


STARTS_AT = on(5, 1)
