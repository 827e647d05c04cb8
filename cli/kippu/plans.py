"""`kippu plans`: check a provider's terms, publish a version of them, and rehearse one on what really happened."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from kippu_entitlement import terms
from kippu_entitlement.domain import plan as published_plan
from kippu_entitlement.rehearsal import Rehearsal
from kippu_events.work import Cause, Work
from kippu_service.settings import Settings
from kippu_terms.dates import start_of
from kippu_terms.loading import check_together, load
from kippu_terms.plan import Plan
from kippu_terms.plan_faults import lines_of
from kippu_terms.refusal import Refused
from kippu_terms.value import StatedDate
from pydantic import TypeAdapter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from kippu import rehearsed
from kippu.common import console
from kippu.compose import House
from kippu.opened import with_house
from kippu.rehearse import rehearse
from kippu.trouble import Trouble, WrongArgument

app = typer.Typer(help="The providers' terms: one TOML file a plan family.", no_args_is_help=True)

_DAY: TypeAdapter[date] = TypeAdapter(StatedDate)

PlanFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A plan file (TOML).")]
PlanFiles = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Plan files (TOML).")]


@app.command()
def check(files: PlanFiles) -> None:
    """Say everything that is wrong with plan files, each by itself and beside the others: where, what, what to do."""
    for plan in _checked(*files):
        console.print(f"[green]✓[/] {plan.family} {plan.version} of {plan.provider}, {len(plan.clauses)} clauses")


@app.command()
def publish(file: PlanFile) -> None:
    """Publish a version. Publishing the same text again changes nothing; a published version never changes."""
    [plan] = _checked(file)
    new = with_house(lambda house: publish_one(house, file))
    said = f"published, in force from {plan.effective_from}" if new else "was published before"
    console.print(f"[green]✓[/] {plan.family} {plan.version} of {plan.provider} {said}")


@app.command("rehearse")
def rehearse_(
    file: PlanFile,
    since: Annotated[str, typer.Option(help="Requests received from this day on (YYYY-MM-DD, the provider's).")],
) -> None:
    """Replay the log's real requests and orders under changed terms: what would have been decided otherwise, and what
    that comes to. Nothing is changed, whether the file is published or not."""
    day = _day(since)
    [changed] = _checked(file)
    show(with_house(lambda house: rehearsed_on(house, changed, start_of(day, changed.zone))), day)


def show(done: Rehearsal, since: date) -> None:
    """What a rehearsal came to, in sum."""
    changed = done.changed
    console.print(
        f"{done.requests} requests of {changed.family} since {since}, as if {changed.version} had been in force: "
        f"{done.flips} flip, {done.differences - done.flips} more cost or are served otherwise",
        soft_wrap=True,
    )
    console.print(rehearsed.table(done))
    if done.unsold:
        console.print(f"{done.unsold} of the orders would not be sold so.")
    if done.own_price:
        console.print(f"{done.own_price} of the orders had a price of their own, and are left out.")
    console.print("[dim]A rehearsal has no effect.[/]")


async def rehearsed_on(house: House, changed: Plan, since: datetime) -> Rehearsal:
    """Prints each request that would have been decided otherwise, as it is found. Raises Trouble."""
    columns = (TextColumn("rehearsing"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("events", total=None)
        try:
            return await rehearse(
                house.logs,
                changed,
                since,
                lambda replay: console.print(rehearsed.line(replay), soft_wrap=True, markup=False),
                lambda read, of: progress.update(bar, completed=read, total=of),
            )
        except terms.NoTerms as error:
            raise Trouble(str(error), where=f"the log of entitlement, provider {changed.provider}") from error


def _day(text: str) -> date:
    try:
        return _DAY.validate_python(text)
    except ValueError as error:
        raise WrongArgument(f"{text!r} is no date.", where="--since", remedy="write it as 2026-11-01") from error


def plan_files(settings: Settings) -> list[Path]:
    """The plan files of the providers that are served here, a family's versions in the order in which they take effect.

    Raises Trouble if one is not in order.
    """
    files = sorted(settings.plans_dir.glob("*.toml"))
    if not files:
        where = str(settings.plans_dir)
        raise Trouble("There are no plan files.", where=where, remedy="set KIPPU_PLANS_DIR to a folder of them")
    plans = sorted(zip(_checked(*files), files, strict=True), key=lambda each: each[0].effective_from)
    return [file for plan, file in plans if plan.provider in settings.providers]


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
        field = next((fault.field for fault in refused.faults if fault.field), "version")
        where = f"{file}:{lines_of(source).get((field,), 1)}"
        remedy = "give the changed terms a new version, and a day of effect that is after the last one's and not past"
        raise Trouble(str(refused), where=where, remedy=remedy) from refused
    return done.appended is not None and not done.appended.repeated


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise Trouble(f"The file cannot be read: {error}", where=str(file)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        what = f"The file is not UTF-8: {error.reason}."
        raise Trouble(what, where=f"{file}:{line}", remedy="save it as UTF-8") from error


def _checked(*files: Path) -> list[Plan]:
    """The files' plans, in their order. Raises Trouble, after every fault of every file, if one is not in order."""
    texts = {str(file): _text(file) for file in files}
    faults = [(name, fault) for name, found in check_together(texts).items() for fault in found]
    for name, fault in faults:
        console.print(f"{name}:{fault.line}: {fault.path or 'file'}: {fault.message}", markup=False, soft_wrap=True)
        console.print(f"    to do  {fault.advice}", markup=False, soft_wrap=True)
    if faults:
        names = ", ".join(dict.fromkeys(name for name, _ in faults))
        what = "1 fault." if len(faults) == 1 else f"{len(faults)} faults."
        raise Trouble(what, where=names, remedy="mend what is named above; nothing was changed")
    return [load(text) for text in texts.values()]
