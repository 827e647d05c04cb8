"""The story of QNP (clauses QNP-01 to QNP-16): units ship, come back late and cost money; engineers come."""

from kippu.story.qnp import exchange, holiday_night, isolation, late_return, on_site, questions, registration, repair
from kippu.story.qnp.cast import FAMILY, STARTS_AT
from kippu.story.script import Story
from kippu.story.telling import TOKYO

STORY = Story(
    title="QNP, maintenance for NAS units: May 2026 in Tokyo",
    provider="qnp",
    family=FAMILY,
    zone=TOKYO,
    starts_at=STARTS_AT,
    chapters=(registration, isolation, holiday_night, exchange, on_site, questions, late_return, repair),
)
