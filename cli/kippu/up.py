"""`kippu up`: everything in one process, on this machine, with nothing installed beside it."""

import asyncio
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from kippu_events.ports import Clock, VirtualClock
from kippu_service.server import stay_up
from kippu_service.settings import Settings
from kippu_service.token_maker import demo_clients, make_demo_clients

from kippu import common, ground, logs
from kippu.common import console
from kippu.compose import BusChoice, Ports, built, running
from kippu.plans import plan_files, publish_one
from kippu.services import PARTS
from kippu.shared_clock import SharedClock
from kippu.story import CLOCK_STARTS_AT, DEMO_CUSTOMERS, chosen, tell
from kippu.story.script import Story
from kippu.trouble import Trouble, require_place

BusKind = Literal["embedded", "kafka"]


def up(
    bus: Annotated[BusKind | None, typer.Option(help="The log itself, or Kafka. [default: KIPPU_MODE]")] = None,
    story: Annotated[
        bool, typer.Option("--story", help="Play the stories, on their own data and their own clock.")
    ] = False,
    leave: Annotated[bool, typer.Option("--exit", help="Exit after the stories.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Of the stories, this provider's alone; may be repeated.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the stories' figures there, as JSON.")
    ] = None,
) -> None:
    """Start PostgreSQL, the bus and all services here, and stay up until Ctrl-C."""
    if figures is not None:
        require_place(figures, "--figures", in_folder=True)
    settings = common.settings()
    stories = chosen(only or ()) if story or only else ()
    story = bool(stories)
    kind: BusKind = bus or settings.mode
    if story:
        settings = common.for_the_story(settings)
    told: dict[str, str] = {}
    logs.configure(settings.log_level, settings.data_dir / "kippu.log")
    say = console.print
    with ground.only_one(settings.data_dir), ExitStack() as stack:
        if story:
            # Not before the folder is ours: it would take the clock and the mails from the stories that are still up.
            settings = anew(settings, known_ports=not leave)
        settings = with_mail_port(settings)
        say(f"[bold]Kippu[/], {'on Kafka' if kind == 'kafka' else 'with the log as its bus'}", highlight=False)
        with took("PostgreSQL"):
            admin_url = stack.enter_context(ground.postgres(settings))
        choice = BusChoice(prefix=settings.prefix)
        if kind == "kafka":
            with took("Kafka"):
                servers = stack.enter_context(
                    ground.kafka(settings, None if story else settings.data_dir / "kafka", say)
                )
            # The story's databases are new each time, so its topics must be, too.
            prefix = f"{settings.prefix}_{secrets.token_hex(4)}" if story else settings.prefix
            choice = BusChoice("kafka", servers, prefix)
        house = _up(settings, admin_url, choice, stories, leave=leave, told=told)
        if leave:
            common.run_to_the_end(house)
        elif common.run(house):
            say("\nStopping …")
    if figures is not None:
        figures.write_text(json.dumps(told, indent=1, ensure_ascii=False), "utf-8")


async def _up(
    settings: Settings, admin_url: str, bus: BusChoice, stories: Sequence[Story], *, leave: bool, told: dict[str, str]
) -> None:
    files = plan_files(settings)
    with took("databases"):
        if stories:
            await ground.discard(admin_url, settings)
        databases = await ground.prepare(admin_url, settings)
    make_demo_clients(settings.clients_path, demo_clients(settings.providers, DEMO_CUSTOMERS))
    if stories and settings.clock_file is not None:
        SharedClock.set(settings.clock_file, CLOCK_STARTS_AT)
    ports = Ports.of(settings)
    async with built(settings, databases, ports=ports) as house:
        for file in files:
            await publish_one(house, file)
        async with running(house, bus) as addresses:
            stay_up()
            _show(settings, addresses)
            if stories and isinstance(ports.clock, VirtualClock):
                told |= await tell(stories, settings, addresses, ports.clock, house, console)
            if leave:
                return
            _invite(settings, addresses, ports.clock)
            await asyncio.Event().wait()


def anew(settings: Settings, *, known_ports: bool) -> Settings:
    """The stories' settings, on keys, mail, ports and a clock that are new: they begin anew each time.

    With `known_ports` the addresses are the settings' as far as they are free; else any, so that demos can run beside
    each other.
    """
    shutil.rmtree(settings.data_dir / "mail", ignore_errors=True)
    for left in ("signing.pem", "clients.toml", "clients.secrets", "clock"):
        (settings.data_dir / left).unlink(missing_ok=True)
    names = [*(f"{name}_port" for name in PARTS), "smtp_port"]
    ports = {name: _free_port(settings.host, getattr(settings, name) if known_ports else 0) for name in names}
    return settings.model_copy(update=ports)


def with_mail_port(settings: Settings) -> Settings:
    """Where any free port will do for mail (0), the one that it is: what is told, and the stories' mail, need it."""
    if settings.smtp_port != 0:
        return settings
    return settings.model_copy(update={"smtp_port": _free_port(settings.smtp_host, 0)})


def _free_port(host: str, wanted: int) -> int:
    """The wanted port, or any other if that one is taken."""
    for port in (wanted, 0):
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
            return int(probe.getsockname()[1])
    raise Trouble(f"No port is free on {host}.", where=host, remedy="set KIPPU_HOST to an address of this machine")


@contextmanager
def took(what: str) -> Iterator[None]:
    """Says what is being started, and how long it took."""
    started = time.monotonic()
    with console.status(f"{what} …"):
        yield
    console.print(f"  [green]✓[/] {what} [dim]{time.monotonic() - started:.1f} s[/]")


def _show(settings: Settings, addresses: Mapping[str, str]) -> None:
    for name, address in addresses.items():
        console.print(f"  [green]✓[/] {name:<12} {address}/docs")
    console.print(f"  [green]✓[/] {'mail in':<12} smtp://{settings.smtp_host}:{settings.smtp_port}")
    way_out = (
        f"smtp://{settings.smtp_relay_host}" if settings.smtp_relay_host else os.path.relpath(settings.mail_folder)
    )
    console.print(f"  [green]✓[/] {'mail out':<12} {way_out}")
    console.print(f"  [green]✓[/] {'log':<12} {os.path.relpath(settings.data_dir / 'kippu.log')}")


def _invite(settings: Settings, addresses: Mapping[str, str], clock: Clock) -> None:
    """What a person can do now."""
    console.print(f"\n[bold]Up.[/] The console: {addresses['console']}", soft_wrap=True)
    if settings.clock_file is not None:
        console.print(
            f"The stories' clock stands at {clock.now():%a %d %b %Y %H:%M} UTC. For commands in another window:"
        )
        console.print(f"  export {common.variables(settings)}", soft_wrap=True)
    console.print(f"Console and APIs ask for a token, of {', '.join(settings.providers)}:")
    console.print(f"  {os.path.relpath(sys.argv[0])} token make --provider {settings.providers[0]}", soft_wrap=True)
    console.print("Ctrl-C stops it.")
