"""`kippu plans`: check a provider's terms, and publish a version of them."""

from pathlib import Path
from typing import Annotated

import typer
from kippu_entitlement import terms
from kippu_entitlement.domain import plan as published_plan
from kippu_events.work import Cause, Work
from kippu_service.settings import Settings
from kippu_terms.loading import check as faults_of
from kippu_terms.loading import load
from kippu_terms.refusal import Refused
from rich.table import Table

from kippu.common import console
from kippu.compose import House
from kippu.opened import with_house
from kippu.trouble import Trouble

app = typer.Typer(help="The providers' terms: one TOML file a plan family.", no_args_is_help=True)

PlanFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A plan file (TOML).")]


@app.command()
def check(file: PlanFile) -> None:
    """Say everything that is wrong with a plan file: where, what, and what to do."""
    _checked(file)
    plan = load(_text(file))
    console.print(f"[green]✓[/] {file}: {plan.family} {plan.version} of {plan.provider}, {len(plan.clauses)} clauses")


@app.command()
def publish(file: PlanFile) -> None:
    """Publish a version. Publishing the same text again changes nothing; a published version never changes."""
    _checked(file)
    new = with_house(lambda house: publish_one(house, file))
    plan = load(_text(file))
    said = "published" if new else "was published before"
    console.print(f"[green]✓[/] {plan.family} {plan.version} of {plan.provider} {said}")


def plan_files(settings: Settings) -> list[Path]:
    """The plan files of the providers that are served here, each in order. Raises Trouble."""
    files = sorted(settings.plans_dir.glob("*.toml"))
    if not files:
        where = str(settings.plans_dir)
        raise Trouble("There are no plan files.", where=where, remedy="set KIPPU_PLANS_DIR to a folder of them")
    for file in files:
        _checked(file)
    return [file for file in files if load(_text(file)).provider in settings.providers]


async def publish_one(house: House, file: Path) -> bool:
    """Publishes one plan file that is in order; False if this text was published before. Raises Trouble."""
    source = _text(file)
    plan = load(source)
    digest = published_plan.digest_of(source)

    async def decide(work: Work) -> None:
        stream = await terms.plans(work, plan.provider, plan.family)
        events = published_plan.publish(
            stream.state,
            family=plan.family,
            version=plan.version,
            effective_from=plan.effective_from,
            source=source,
            today=plan.calendar.local_date(work.now),
            now=work.now,
        )
        work.record(stream, *events)

    cause = Cause(f"plans:{plan.provider}:{plan.family}:{digest}", "operator:cli", bytes.fromhex(digest))
    try:
        done = await house.runtimes["entitlement"].worker.run(cause, decide)
    except Refused as refused:
        raise Trouble(str(refused), where=str(file), remedy="give the changed terms a new version") from refused
    return done.appended is not None and not done.appended.repeated


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"The file cannot be read: {error}", where=str(file)) from error


def _checked(file: Path) -> None:
    faults = faults_of(_text(file))
    if not faults:
        return
    table = Table("line", "where", "what", "to do", box=None)
    for fault in faults:
        table.add_row(str(fault.line), fault.path, fault.message, fault.advice)
    console.print(table)
    raise Trouble(f"{len(faults)} faults.", where=str(file), remedy="mend them; nothing was published")
