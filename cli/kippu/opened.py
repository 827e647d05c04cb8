"""Opens what `kippu up` or somebody's servers keep, for one command: services that are built and do not run."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from kippu_service.settings import Settings

from kippu import common, ground, logs
from kippu.compose import House, built
from kippu.trouble import Trouble

Answer = TypeVar("Answer")

_OTHER_KEY = "set KIPPU_MASTER_KEY_FILE to the key that these databases were made with: the passwords come from it"


def with_house(ask: Callable[[House], Awaitable[Answer]], settings: Settings | None = None) -> Answer:
    """Runs `ask` on the services of the settings' databases. Blocking."""
    settings = settings or common.settings()
    logs.configure(settings.log_level)
    if ground.is_new(settings):
        raise nothing_yet(settings)
    answers: list[Answer] = []

    async def asked(admin_url: str) -> None:
        databases = ground.databases(admin_url, settings)
        try:
            async with built(settings, databases) as house:
                answers.append(await ask(house))
        except asyncpg.InvalidPasswordError as error:
            raise Trouble(f"PostgreSQL refuses the password: {error}", remedy=_OTHER_KEY) from error
        except (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            raise nothing_yet(settings) from error

    with ground.postgres(settings) as admin_url:
        common.run_to_the_end(asked(admin_url))
    return answers[0]


def nothing_yet(settings: Settings) -> Trouble:
    """Most often somebody means the databases of the stories, which have a folder of their own."""
    if settings.database_url is not None:
        remedy = "run `kippu migrate` once, or set KIPPU_PREFIX to those that you mean"
        where = f"{settings.prefix}_… on the server of KIPPU_DATABASE_URL"
        return Trouble("There are no databases of Kippu here yet.", where=where, remedy=remedy)
    of_the_stories = common.for_the_story(settings)
    remedy = "start `kippu up` once, or set KIPPU_DATA_DIR and KIPPU_PREFIX to those that you mean"
    if not ground.is_new(of_the_stories):
        remedy = f"for those of the stories: export {common.variables(of_the_stories)}"
    where = f"{settings.prefix}_… in {settings.data_dir}"
    return Trouble("There are no databases of Kippu here yet.", where=where, remedy=remedy)
