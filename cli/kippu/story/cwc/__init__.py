"""The story of CWC (clauses CWC-01 to CWC-27): a licence is bought, supported, left to lapse, and joined again."""

from kippu.story.cwc import appointments, calls, lapse, licence, mail_support
from kippu.story.cwc.cast import FAMILY, STARTS_AT
from kippu.story.script import Story
from kippu.story.telling import TOKYO

STORY = Story(
    title="CWC, licence maintenance and incidents: December 2026 to June 2028 in Tokyo",
    provider="cwc",
    family=FAMILY,
    zone=TOKYO,
    starts_at=STARTS_AT,
    chapters=(licence, mail_support, calls, appointments, lapse),
)
