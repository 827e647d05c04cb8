"""The story of IIJ-SE, played on the running services over HTTP and SMTP, as those who take part would."""

from datetime import UTC, datetime
DEMO_CUSTOMERS = ("customer-1",)
STARTS_AT = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)
class Stage:
    def __init__(self, *a): pass
async def tell(stage, console):
    console.print("story")
