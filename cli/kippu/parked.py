"""`kippu parked`: what consumers have set aside, and how it goes on."""

from typing import Annotated

import typer
from kippu_events.consumer import marks, parking, projector, reactor
from kippu_events.consumer.parking import ParkedKey, Redriven
from rich.table import Table

from kippu.common import console
from kippu.compose import House
from kippu.opened import with_house
from kippu.trouble import Trouble

app = typer.Typer(help="Events that could not be handled, and those of the same key behind them.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """Show what is parked: where, since when, and why."""
    found = with_house(parked_everywhere)
    if not found:
        console.print("[green]✓[/] nothing is parked")
        return
    table = Table("service", "consumer", "key", "events", "since", "tries", "error")
    for service, key in found:
        since = key.parked_at.isoformat(timespec="seconds")
        table.add_row(service, key.consumer, key.key, str(key.events), since, str(key.attempts), key.error)
    console.print(table)
    console.print("Mend what the error says, then: kippu parked redrive")


@app.command()
def redrive(
    key: Annotated[str | None, typer.Argument(help="Only this key (a stream's name). Else all.")] = None,
) -> None:
    """Handle parked events again, key by key, each in its order, up to the first that still fails."""
    outcomes = with_house(lambda house: redriven(house, key))
    if not outcomes:
        console.print("[green]✓[/] nothing is parked" + (f" under {key}" if key else ""))
    for outcome in outcomes:
        sign = "[red]✗[/]" if outcome.error else "[green]✓[/]"
        console.print(f"{sign} {outcome.key}: {outcome.done} done, {outcome.left} left")
        if outcome.error:
            console.print(f"    {outcome.error}", style="dim", markup=False)
    if any(outcome.error for outcome in outcomes):
        raise Trouble("Some still fail.", remedy="mend what the errors say, and redrive again")


async def parked_everywhere(house: House) -> list[tuple[str, ParkedKey]]:
    """What is parked, with the service that parked it."""
    found: list[tuple[str, ParkedKey]] = []
    for name, runtime in house.runtimes.items():
        connection = await runtime.connect_writer()
        try:
            found += [(name, key) for key in await parking.parked_keys(connection)]
        finally:
            await connection.close()
    return found


async def redriven(house: House, only: str | None) -> list[Redriven]:
    """Redrives one key, or all; answers what became of each."""
    wanted = [(name, key) for name, key in await parked_everywhere(house) if only in (None, key.key)]
    return [outcome for name, key in wanted for outcome in await _redrive(house, name, key)]


async def _redrive(house: House, name: str, parked: ParkedKey) -> list[Redriven]:
    service, runtime = house.services[name], house.runtimes[name]
    key = (parked.log, parked.key)
    connection = await runtime.connect_writer()
    try:
        for candidate in service.projectors:
            if marks.projector_id(candidate.name) == parked.consumer:
                return await projector.redrive(connection, candidate, key)
        for reacting in service.reactors:
            if marks.reactor_id(reacting.name) == parked.consumer:
                return await reactor.redrive(connection, name, reacting, runtime.worker, key)
    finally:
        await connection.close()
    return [Redriven(parked.log, parked.key, 0, parked.events, f"this build has no {parked.consumer}")]
