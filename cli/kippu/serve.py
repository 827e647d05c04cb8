"""`kippu serve NAME`: one service in this process, from the settings; the others run elsewhere."""

import asyncio
from typing import Annotated

import typer
from kippu_service.server import stay_up

from kippu import common, ground, logs
from kippu.common import console
from kippu.compose import BusChoice, built, running
from kippu.services import PARTS
from kippu.trouble import Trouble, WrongArgument


def serve(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(PARTS)}.")],
) -> None:
    """Run one service until it is told to stop."""
    if name not in PARTS:
        raise WrongArgument(f"There is no service {name!r}.", remedy=f"choose one of {', '.join(PARTS)}")
    settings = common.settings()
    logs.configure(settings.log_level)
    bus = BusChoice(prefix=settings.prefix)
    if settings.mode == "kafka":
        if settings.kafka_bootstrap_servers is None:
            raise Trouble("A single service needs a Kafka that others reach too.", remedy="set KAFKA_BOOTSTRAP_SERVERS")
        servers, replication = settings.kafka_bootstrap_servers, settings.kafka_replication
        bus = BusChoice("kafka", servers, settings.prefix, replication)

    async def served(admin_url: str) -> None:
        # The data folder's own server is ours to prepare; on another one `kippu migrate` did so, as somebody who may.
        if settings.database_url is None:
            databases = await ground.prepare(admin_url, settings)
        else:
            databases = ground.databases(admin_url, settings)
            await ground.prepared(databases)
        async with built(settings, databases, [name]) as house, running(house, bus) as addresses:
            stay_up()
            console.print(f"{name} answers at {addresses[name]}")
            await asyncio.Event().wait()

    with ground.postgres(settings) as admin_url:
        common.run(served(admin_url))
