"""`kippu migrate`: what is done once before a new build's services start."""

from typing import Annotated

import typer
from kippu_service.settings import Settings

from kippu import common, ground, logs
from kippu.common import console
from kippu.compose import built
from kippu.plans import plan_files, publish_one


def migrate(
    plans: Annotated[bool, typer.Option("--plans", help="Publish the plan files of the providers, too.")] = False,
) -> None:
    """Create and migrate every service's database. Doing it again changes nothing."""
    settings = common.settings()
    logs.configure(settings.log_level)
    with ground.postgres(settings) as admin_url:
        common.run_to_the_end(_migrated(admin_url, settings, plans=plans))


async def _migrated(admin_url: str, settings: Settings, *, plans: bool) -> None:
    files = plan_files(settings) if plans else []
    databases = await ground.prepare(admin_url, settings)
    console.print(f"[green]✓[/] {len(databases.services) + 1} databases are up to date")
    if files:
        async with built(settings, databases) as house:
            new = [await publish_one(house, file) for file in files]
        console.print(f"[green]✓[/] {len(files)} plan files, {sum(new)} of them newly published")
