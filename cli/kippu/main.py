"""`kippu`: every command, and the one place where an expected fault becomes a message."""

import gc
import sys
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from kippu.trouble import Trouble

COMMANDS = {
    "up": "kippu.up:up",
    "serve": "kippu.serve:serve",
    "migrate": "kippu.migrate:migrate",
    "story": "kippu.play:story",
    "token": "kippu.token:app",
    "keys": "kippu.keys:app",
    "audit": "kippu.audit:app",
    "plans": "kippu.plans:app",
    "parked": "kippu.parked:app",
    "projections": "kippu.projections:app",
    "events": "kippu.events:app",
}
"""Each with where it is: a function, or a group of them."""


class Commands(TyperGroup):
    """Imports a command when it is asked for: whoever makes a token need not wait for the stories."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        # Their names alone: to be listed, and to be meant by who mistypes one.
        self.commands = {name: TyperCommand(name) for name in COMMANDS}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # Context and Command are types that typer keeps to itself
        if cmd_name not in COMMANDS:
            return None
        module, _, member = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), member)
        around = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=cmd_name)
        else:
            around.command(cmd_name)(found)
        return get_group(around).commands[cmd_name]


app = typer.Typer(
    cls=Commands,
    help="Prepaid support tickets and maintenance entitlements: run them, look into them, prove them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Every command."""


def run() -> None:
    try:
        app()
    except Trouble as trouble:
        trouble.show(Console(stderr=True))
        sys.exit(trouble.exit_code)
    finally:
        # Everything is put down. The last collection would look once more at whatever was ever made here, which took
        # most of the time of a stop, and on a busy machine most of the time that a stop may take.
        gc.freeze()


if __name__ == "__main__":
    run()
