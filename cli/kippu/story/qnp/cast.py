"""Who and what there is in the story of QNP, and when it happens."""

from kippu.story.customers import CUSTOMER
from kippu.story.days import Days
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

on = Days(2026, TOKYO)
"""1 May is a Friday; 3 to 6 May are holidays."""

STARTS_AT = on(5, 1)
