"""What there is in the story of SVT, and when it happens."""

from kippu.story.days import Days
from kippu.story.telling import TOKYO

FAMILY = "svt"
MODEL = "M24ePWR"

SENT_BACK = "12345678901"
"""Under advance send-back."""
BELOW = "12345678902"
"""Under on-site basic, installed at 1.99 m."""
ABOVE = "12345678903"
"""Under on-site basic, installed at 2.00 m."""
BUNDLED = "123456"
"""A small switch, sold with its service ticket."""
BUNDLED_SPARE = "123457"
"""In stock, of the small model."""
BUNDLED_MODEL = "S12PWR"
SPARE = "12345678999"
"""In stock, of the same model."""

on = Days(2026, TOKYO)
"""1 July is a Wednesday."""

STARTS_AT = on(7, 1)
