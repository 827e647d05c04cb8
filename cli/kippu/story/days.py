"""Instants as the stories write them: a day and a time by a provider's clock."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Days:
    """The instants of a year in a zone: `on(6, 15)`, `on(6, 15, "10:00")`; of another year where it is named."""

    year: int
    zone: ZoneInfo

    def __call__(self, month: int, day: int, time: str = "09:00", year: int | None = None) -> datetime:
        return datetime.fromisoformat(f"{year or self.year}-{month:02}-{day:02}T{time}").replace(tzinfo=self.zone)
