"""Opens what `kippu up` or somebody's servers keep, for one command: services that are built and do not run."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from kippu_service.settings import Settings

from kippu import common, ground, logs
from kippu.compose import House, built
from kippu.trouble import Trouble

Answer = TypeVar("Answer")


def with_house(ask: Callable[[House], Awaitable[Answer]], settings: Settings | None = None) -> Answer:
    """Runs `ask` on the services of the settings' databases. Blocking."""
    settings = settings or common.settings()
    logs.configure(settings.log_level)
    answers: list[Answer] = []

    async def asked(admin_url: str) -> None:
        databases = ground.databases(admin_url, settings)
        try:
            async with built(settings, databases) as house:
                answers.append(await ask(house))
        except asyncpg.InvalidCatalogNameError as error:
            raise Trouble(
                "There are no databases of Kippu yet.",
                where=f"{settings.prefix}_… in {settings.data_dir}",
                remedy="start `kippu up` once, or set KIPPU_DATA_DIR and KIPPU_PREFIX to those that you mean",
            ) from error

    with ground.postgres(settings) as admin_url:
        common.run(asked(admin_url))
    if not answers:
        raise Trouble("Stopped before it was done.")
    return answers[0]
