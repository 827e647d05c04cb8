"""`kippu story`: the stories on services that run apart, as `kippu up --story` plays them on its own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from kippu_service.settings import Settings

from kippu import common, ground, logs
from kippu.common import console
from kippu.compose import Ports, built
from kippu.services import PARTS
from kippu.shared_clock import SharedClock
from kippu.story import CLOCK_STARTS_AT, chosen, tell
from kippu.story.script import Story
from kippu.trouble import Trouble, WrongArgument, is_address, require_place


def story(
    at: Annotated[str, typer.Option(help="The services' addresses, {service} in place of the name.")],
    only: Annotated[list[str] | None, typer.Option(help="This provider's story alone; may be repeated.")] = None,
    figures: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the stories' figures there, as JSON.")
    ] = None,
) -> None:
    """Play the stories on running services that share a demo's clock (KIPPU_CLOCK_FILE)."""
    if figures is not None:
        require_place(figures, "--figures", in_folder=True)
    settings = common.settings()
    stories = chosen(only or ())
    addresses = addresses_at(at)
    logs.configure(settings.log_level)
    if settings.clock_file is None:
        raise Trouble(
            "The story moves a clock that the services share.", remedy="set KIPPU_CLOCK_FILE, for all of them"
        )
    clock = SharedClock(settings.clock_file)
    if clock.now() != CLOCK_STARTS_AT:
        raise Trouble(
            f"The story was played here before: its clock stands at {clock.now().isoformat()}.",
            where=str(settings.clock_file),
            remedy="begin anew, on empty databases (docker compose down --volumes)",
        )
    told: dict[str, str] = {}
    with ground.postgres(settings) as admin_url:
        common.run_to_the_end(_told(stories, settings, admin_url, clock, addresses, told))
    if figures is not None:
        figures.write_text(json.dumps(told, indent=1, ensure_ascii=False), "utf-8")


def addresses_at(pattern: str) -> dict[str, str]:
    """Each service's address. Raises WrongArgument if the pattern does not say them apart."""
    remedy = "such as http://{service}:8000"
    if "{service}" not in pattern or set("{}") & set(pattern.replace("{service}", "")):
        raise WrongArgument(f"{pattern!r} needs {{service}}, and no other braces.", where="--at", remedy=remedy)
    addresses = {name: pattern.replace("{service}", name) for name in PARTS}
    if not all(map(is_address, addresses.values())):
        raise WrongArgument(f"{pattern!r} is no address.", where="--at", remedy=remedy)
    return addresses


async def _told(
    stories: Sequence[Story],
    settings: Settings,
    admin_url: str,
    clock: SharedClock,
    addresses: dict[str, str],
    told: dict[str, str],
) -> None:
    databases = ground.databases(admin_url, settings)
    await ground.prepared(databases)
    # Built, but not running: the stage looks into their databases to see when everything has come to rest.
    async with built(settings, databases, ports=Ports(clock=clock)) as house:
        told |= await tell(stories, settings, addresses, clock, house, console)
