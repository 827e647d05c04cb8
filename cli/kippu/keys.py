"""`kippu keys`: what services that run apart must share, and nobody else may know."""

import secrets
from pathlib import Path
from typing import Annotated

import typer
from kippu_privacy.files import write_private
from kippu_privacy.keyring_postgres import master_key_from
from kippu_service.token_maker import SigningKey, demo_clients, make_demo_clients

from kippu import common
from kippu.common import console
from kippu.shared_clock import SharedClock
from kippu.story import CLOCK_STARTS_AT, DEMO_CUSTOMERS
from kippu.trouble import require_place

app = typer.Typer(help="The secrets of services that run apart.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Secrets as files."""


@app.command()
def make(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the files go, each mode 0600.")],
    password: Annotated[Path | None, typer.Option(dir_okay=False, help="Make the database's password, there.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Clients for the story, and its clock, too.")] = False,
) -> None:
    """Make the master key and the key that signs tokens. What is there already stays as it is."""
    require_place(folder, "FOLDER", in_folder=False)
    if password is not None:
        require_place(password, "--password", in_folder=False)
    settings = common.settings()
    master_key_from(folder / "master.key", make=True)
    SigningKey.load_or_make(folder / "signing.pem")
    if password is not None:
        # Apart from the keys: services need those, and never this; the database needs this, and never those.
        write_private(password, secrets.token_urlsafe(32))
    if demo:
        make_demo_clients(folder / "clients.toml", demo_clients(settings.providers, DEMO_CUSTOMERS))
        if settings.clock_file is not None:
            SharedClock.set(settings.clock_file, CLOCK_STARTS_AT)
    console.print(f"[green]✓[/] {folder}: {', '.join(sorted(file.name for file in folder.iterdir()))}")
