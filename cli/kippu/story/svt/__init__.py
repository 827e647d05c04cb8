"""The story of SVT (clauses SVT-01 to SVT-26): service tickets are bought by part number, registered, used, renewed."""

from kippu.story.script import Story
from kippu.story.svt import bundle, engineers, height, places, purchase, registration, renewal, send_back
from kippu.story.svt.cast import FAMILY, STARTS_AT
from kippu.story.telling import TOKYO

STORY = Story(
    title="SVT, service tickets for network switches: July 2026 in Tokyo",
    provider="svt",
    family=FAMILY,
    zone=TOKYO,
    starts_at=STARTS_AT,
    chapters=(purchase, registration, bundle, send_back, height, engineers, renewal, places),
)
