"""The story of IIJ-SE (clauses IIJ-01 to IIJ-10): mails become requests, work is debited from prepaid tickets."""

from kippu.story.iij import audit, mails, purchases, refusals, register, shortage, visits, work
from kippu.story.iij.cast import FAMILY, STARTS_AT
from kippu.story.script import Story
from kippu.story.telling import BANGKOK

STORY = Story(
    title="IIJ-SE, prepaid engineer support: June 2026 in Bangkok",
    provider="iij",
    family=FAMILY,
    zone=BANGKOK,
    starts_at=STARTS_AT,
    chapters=(register, purchases, mails, work, refusals, visits, shortage, audit),
)
