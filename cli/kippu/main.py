"""`kippu`: every command, and the one place where an expected fault becomes a message."""

import sys

import typer
from rich.console import Console

from kippu import events
from kippu.trouble import Trouble

app = typer.Typer(
    help="Prepaid support tickets and maintenance entitlements: run them, look into them, prove them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(events.app, name="events")


def run() -> None:
    try:
        app()
    except Trouble as trouble:
        trouble.show(Console(stderr=True))
        sys.exit(1)


if __name__ == "__main__":
    run()
