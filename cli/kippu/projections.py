"""`kippu projections`: read models are disposable; this makes one again from the logs."""

from typing import Annotated

import typer
from kippu_events.bus import Slot
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.consumer import Projector
from kippu_events.consumer.projector import ProjectorRunner, reset
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from kippu.common import console
from kippu.compose import House
from kippu.opened import with_house
from kippu.trouble import WrongArgument

app = typer.Typer(help="Read models, and making them again from position 0.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """Show every projector, its version, and what it reads."""
    table = Table("service", "projector", "version", "reads the logs of")

    async def ask(house: House) -> None:
        for name, service in house.services.items():
            for projector in service.projectors:
                table.add_row(name, projector.name, str(projector.version), ", ".join(projector.logs))

    with_house(ask)
    console.print(table)


@app.command()
def rebuild(name: Annotated[str, typer.Argument(help="A projector, as `kippu projections list` names it.")]) -> None:
    """Empty a projector's tables and fill them again. It has no other effect: nothing is sent, fired or debited."""
    with_house(lambda house: rebuilt(house, name))
    console.print(f"[green]✓[/] {name} is rebuilt")


async def rebuilt(house: House, name: str) -> None:
    """Rebuilds one projector up to where its logs are now. Raises WrongArgument."""
    service, projector = _found(house, name)
    runtime = house.runtimes[service]
    connection = await runtime.connect_writer()
    try:
        await reset(connection, projector)
    finally:
        await connection.close()
    # It reads the logs themselves, whichever bus the services use: the same events, in the same order within a slot.
    runner = ProjectorRunner(service, projector, EmbeddedBus(house.logs), runtime.connect_writer)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(name, total=None)
        await runner.run(
            await heads_of(house, projector), lambda done, total: progress.update(bar, completed=done, total=total)
        )


def _found(house: House, name: str) -> tuple[str, Projector]:
    for service_name, service in house.services.items():
        for projector in service.projectors:
            if projector.name == name:
                return service_name, projector
    raise WrongArgument(f"There is no projector {name!r}.", remedy="kippu projections list shows their names")


async def heads_of(house: House, projector: Projector) -> dict[Slot, int]:
    """Where the logs that a projector reads are now, by slot."""
    heads = {log: await house.logs[log].head() for log in projector.logs}
    return {(log, slot): number for log, head in heads.items() for slot, number in enumerate(head.slot_seqs) if number}
