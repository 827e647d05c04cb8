"""The story of CWC (clauses CWC-01 to CWC-27): a licence is bought, supported, lapses, is rejoined and added to."""

from kippu.story.cwc import appointments, calls, lapse, licence, mail_support, services
from kippu.story.cwc.cast import FAMILY, STARTS_AT
from kippu.story.script import Story
from kippu.story.telling import TOKYO

STORY = Story(
    title="CWC, licence maintenance and incidents: December 2026 to December 2028 in Tokyo",
    provider="cwc",
    family=FAMILY,
    zone=TOKYO,
    starts_at=STARTS_AT,
    chapters=(licence, mail_support, calls, services, appointments, lapse),
)
