"""How the story is told: one line for what somebody does, and beneath it what came of it, and by which clause."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from kippu.story.people import Unexpected

BANGKOK = ZoneInfo("Asia/Bangkok")
TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass(slots=True)
class Telling:
    """Prints, checks, and keeps the figures that must be the same on every bus."""

    console: Console
    zone: ZoneInfo = BANGKOK
    figures: dict[str, str] = field(default_factory=dict)
    _year: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)

    def story(self, title: str, zone: ZoneInfo, year: int) -> None:
        """What follows is told by the clocks of this zone; a year is said where it is another one."""
        self.zone, self._year, self._began = zone, year, time.monotonic()
        self.console.print()
        self.console.print(Rule(Text(title, style="bold cyan"), style="cyan"))

    def story_ends(self) -> None:
        """How long it took to play."""
        self.console.print(f"\n[dim]played in {time.monotonic() - self._began:.1f} s[/]")

    def chapter(self, title: str) -> None:
        self.console.print()
        self.console.print(Rule(Text(title, style="bold"), align="left", style="dim"))

    def step(self, now: datetime, who: str, does: str) -> None:
        """Who does what, and when by business time."""
        local = now.astimezone(self.zone)
        when = local.strftime("%a %d %b %H:%M" if local.year == self._year else "%a %d %b %Y, %H:%M")
        self.console.print(Text.assemble((when, "dim"), "  ", (who, "bold cyan"), " ", does), soft_wrap=True)

    def outcome(self, text: str, *, clause: str | None = None) -> None:
        """What came of it."""
        line = Text.assemble("                  → ", text)
        if clause:
            line.append(f"  [{clause}]", "yellow")
        self.console.print(line, soft_wrap=True)

    def quote(self, text: str) -> None:
        """What was written, as it was written."""
        for line in text.strip().splitlines():
            self.console.print(Text(f"                    │ {line}", style="dim"), soft_wrap=True)

    def mail(self, message: EmailMessage, *, in_full: bool = True) -> None:
        """A mail as its reader sees it."""
        enclosed = [f"Enclosed: {part.get_filename()}" for part in message.iter_attachments()]
        text = [text_of(message).strip(), *enclosed] if in_full else []
        self.quote("\n\n".join([f"Subject: {subject_of(message)}", *text]))

    def link(self, address: str) -> None:
        self.console.print(Text(f"                    {address}", style="blue underline"), soft_wrap=True)

    def statement(
        self, entries: Sequence[Mapping[str, Any]], lots: Mapping[str, str], tickets: Mapping[str, str]
    ) -> None:
        """A wallet's statement, each entry with its allocation per lot."""
        table = Table(
            "when", "what", "for", "change", "balance", "from or to", title="The statement", title_justify="left"
        )
        names = {number: name for name, number in tickets.items()}
        for entry in entries:
            when = datetime.fromisoformat(entry["occurred_at"]).astimezone(self.zone).strftime("%d %b %H:%M")
            ticket = entry["ticket_no"]
            about = f"{ticket} ({names[ticket]})" if ticket else "order"
            where = allocations(entry, lots)
            table.add_row(when, entry["kind"], about, f"{entry['change']:+}", str(entry["balance"]), where)
        self.console.print(table)

    def check(self, what: str, actual: Any, expected: Any) -> None:
        """A figure that must be so. It goes into the summary; a wrong one fails the demo."""
        if actual != expected:
            raise Unexpected(f"{what}: expected {expected!r}, got {actual!r}")
        if what in self.figures:
            raise ValueError(f"the figure {what!r} is told twice")
        self.figures[what] = _shown(actual)

    def summary(self) -> None:
        """The figures, by name: the same on every bus."""
        table = Table("what", "figure", title="The figures, the same on every bus", title_justify="left")
        for what, figure in self.figures.items():
            table.add_row(what, figure)
        self.console.print()
        self.console.print(table)


def _shown(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case set() | list():
            return ", ".join(sorted(map(str, value))) or "none"
        case _:
            return str(value)


def subject_of(message: EmailMessage) -> str:
    return str(message["Subject"]).strip()


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return str(body.get_content()) if body else ""


def baht(satang: int) -> str:
    """12,345.67 THB."""
    return f"{satang // 100:,}.{satang % 100:02d} THB"


def yen(amount: int) -> str:
    """12,345 JPY."""
    return f"{amount:,} JPY"


def allocations(debit: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What a debit took from which lot, the lots by the names that the story gives them."""
    return " + ".join(f"{part['quantity']} of lot {names[part['lot_id']]}" for part in debit["allocations"])
