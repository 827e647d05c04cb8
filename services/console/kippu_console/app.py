"""The console, wired: projectors over every log, and pages over what they write."""

from pathlib import Path
from zoneinfo import ZoneInfo

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_console.pages import pages
from kippu_console.readmodels import Board, Invoices, Timeline, UnmatchedMail, Visits, Wallets


def build(runtime: Runtime) -> Service:
    return Service(
        name="console",
        migrations=Path(__file__).parent / "migrations",
        routers=(pages(runtime.vault, ZoneInfo("Asia/Bangkok")),),
        projectors=(Timeline(), Board(), Visits(), Wallets(), UnmatchedMail(), Invoices()),
    )
