"""The story of NEC-ESP (clauses NEC-Q1 to NEC-Q17): packs run from the server's purchase, and end by themselves."""

from kippu.story.nec import ending, packs, reception, renewals
from kippu.story.nec.cast import FAMILY, STARTS_AT
from kippu.story.script import Story
from kippu.story.telling import TOKYO

STORY = Story(
    title="NEC-ESP, support packs for servers: November 2026 in Tokyo",
    provider="nec",
    family=FAMILY,
    zone=TOKYO,
    starts_at=STARTS_AT,
    chapters=(packs, renewals, reception, ending),
)
