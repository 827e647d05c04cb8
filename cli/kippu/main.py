"""`kippu`: every command, and the one place where an expected fault becomes a message."""

import gc
import sys

import typer
from rich.console import Console

from kippu import audit, events, keys, parked, plans, projections, token
from kippu.migrate import migrate
from kippu.play import story
from kippu.serve import serve
from kippu.trouble import Trouble
from kippu.up import up

app = typer.Typer(
    help="Prepaid support tickets and maintenance entitlements: run them, look into them, prove them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(serve)
app.command()(migrate)
app.command()(story)
for name, group in (
    ("token", token.app),
    ("keys", keys.app),
    ("audit", audit.app),
    ("plans", plans.app),
    ("parked", parked.app),
    ("projections", projections.app),
    ("events", events.app),
):
    app.add_typer(group, name=name)


def run() -> None:
    try:
        app()
    except Trouble as trouble:
        trouble.show(Console(stderr=True))
        sys.exit(1)
    finally:
        # Everything is put down. The last collection would look once more at whatever was ever made here, which took
        # most of the time of a stop, and on a busy machine most of the time that a stop may take.
        gc.freeze()


if __name__ == "__main__":
    run()
