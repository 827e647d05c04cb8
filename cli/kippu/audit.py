"""`kippu audit`: figures made again from the logs alone, and compared with the live ones, byte for byte."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import difflib
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

import httpx
import typer
from asyncpg import Connection
from kippu_entitlement.statement import statement
from kippu_events.consumer import Projector
from kippu_events.database import FOUNDATION
from kippu_events.replay import ReplayFailed, replay
from kippu_intake.history import Entry, history
from kippu_service.pools import connect
from kippu_service.tokens import PROVIDER_ID
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.syntax import Syntax

from kippu.common import console
from kippu.compose import House
from kippu.ground import server_of
from kippu.opened import with_house
from kippu.services import PARTS
from kippu.trouble import Trouble, WrongArgument, is_address

app = typer.Typer(
    help="Proofs: today's figures, or those of a date, from position 0 of the logs.", no_args_is_help=True
)

DIFFERENCES = 40
"""Lines of difference that are shown."""

TICKET_EVENTS = """
    select version, event_id, type, recorded_at, metadata, data from read.ticket_event
    where provider = $1 and ticket_no = $2 order by version
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to make again: whose read model shows it, and where the live API does."""

    name: str
    service: str
    tables: frozenset[str]
    path: str
    key: str


def wallet_subject(wallet_id: str) -> Subject:
    tables = frozenset({"wallet", "lot", "wallet_entry"})
    return Subject(f"wallet {wallet_id}", "entitlement", tables, f"/v1/wallets/{wallet_id}/statement", wallet_id)


def ticket_subject(ticket_no: str) -> Subject:
    return Subject(
        f"ticket {ticket_no}", "intake", frozenset({"ticket_event"}), f"/v1/tickets/{ticket_no}/history", ticket_no
    )


@app.callback()
def _group() -> None:
    """Proofs from the logs."""


@app.command("replay")
def replay_(
    provider: Annotated[str, typer.Option(help="Whose figures, such as iij.")],
    wallet: Annotated[list[str] | None, typer.Option(help="A wallet's id: its statement.")] = None,
    ticket: Annotated[list[str] | None, typer.Option(help="A ticket's number: its history.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As known at this instant (ISO 8601). Else now.")] = None,
    compare: Annotated[list[str] | None, typer.Option(help="SERVICE=URL of a live API to compare with.")] = None,
    token: Annotated[str | None, typer.Option(help="For the live API. Else one is made.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Print what was made.")] = False,
) -> None:
    """Replay the logs through the real projectors into a scratch database, and show or compare what comes out."""
    subjects = [*map(wallet_subject, wallet or ()), *map(ticket_subject, ticket or ())]
    if not subjects:
        raise WrongArgument("Nothing was asked for.", remedy="name a --wallet or a --ticket")
    if not PROVIDER_ID.fullmatch(provider):
        raise WrongArgument(f"{provider!r} is no provider's id.", where="--provider", remedy="such as iij")
    instant = _instant(as_of)
    addresses = dict(_address(entry) for entry in compare or ())
    _require_comparable(addresses, subjects, instant)

    async def ask(house: House) -> list[bool]:
        bearer = token or _bearer(house, provider)
        outcomes = []
        for subject in subjects:
            made = await remade(house, provider, subject, instant)
            live = None
            if subject.service in addresses:
                live = await _live(addresses[subject.service] + subject.path, bearer)
            outcomes.append(report(subject, made, live, show=show))
        return outcomes

    if not all(with_house(ask)):
        raise Trouble("What the logs say is not what the live API says.", remedy="rebuild the read model, and find out")


async def remade(house: House, provider: str, subject: Subject, known_at: datetime | None = None) -> bytes:
    """The same bytes as the live API would answer, from the logs alone. Raises Trouble."""
    projectors = [each for each in house.services[subject.service].projectors if subject.tables & set(each.tables)]
    async with scratch(house, subject.service) as connection:
        await _replayed(house, projectors, connection, known_at)
        made = (
            await statement(connection, provider, subject.key)
            if subject.service == "entitlement"
            else await _history(connection, provider, subject.key)
        )
    if made is None:
        when = f" as known at {known_at.isoformat()}" if known_at else ""
        raise Trouble(f"There is no {subject.name}{when}.", where=f"the log of {subject.service}, provider {provider}")
    return made


async def _history(connection: Connection[Any], provider: str, ticket_no: str) -> bytes | None:
    rows = await connection.fetch(TICKET_EVENTS, provider, ticket_no)
    return history(ticket_no, [Entry(*row) for row in rows]) if rows else None


async def _replayed(
    house: House, projectors: Sequence[Projector], connection: Connection[Any], known_at: datetime | None
) -> None:
    columns = (TextColumn("replaying {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars = {name: progress.add_task(name, total=None) for each in projectors for name in each.logs}
        try:
            await replay(
                house.logs,
                projectors,
                connection,
                known_at,
                lambda name, done, total: progress.update(bars[name], completed=done, total=total),
            )
        except ReplayFailed as error:
            raise Trouble(f"An event could not be replayed: {error}", remedy="kippu parked list") from error


@asynccontextmanager
async def scratch(house: House, service: str) -> AsyncIterator[Connection[Any]]:
    """An empty database with the service's tables, gone afterwards."""
    live = house.databases.services[service]
    server = server_of(live.admin_url, house.settings)
    name = f"scratch_{secrets.token_hex(4)}"
    try:
        database = await server.create(name, (FOUNDATION, PARTS[service].migrations), live.roles)
        connection = await connect(database.writer_url)
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        await server.drop(name, live.roles, keep_roles=True)


async def _live(url: str, token: str) -> bytes:
    async with httpx.AsyncClient(timeout=30) as client:
        try:
            answer = await client.get(url, headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError as error:
            raise Trouble(f"The live API does not answer: {error}", where=url) from error
    if answer.status_code != 200:
        raise Trouble(f"The live API answered {answer.status_code}: {answer.text[:500]}", where=url)
    return answer.content


def report(subject: Subject, made: bytes, live: bytes | None, *, show: bool) -> bool:
    """Says what was made, and whether it is the live bytes; False if it is not."""
    if show:
        console.print(Syntax("\n".join(_lines(made)), "json", background_color="default"))
    proof = f"{len(made):,} bytes, sha256 {sha256(made).hexdigest()}"
    if live is None:
        console.print(f"[green]✓[/] {subject.name}: replayed, {proof}", soft_wrap=True)
        return True
    if made == live:
        console.print(f"[green]✓[/] {subject.name}: identical, {proof}", soft_wrap=True)
        return True
    console.print(f"[red]✗[/] {subject.name}: the logs say {len(made):,} bytes, the live API {len(live):,}")
    differences = difflib.unified_diff(_lines(live), _lines(made), "live", "replayed", lineterm="", n=1)
    for line in [*differences][:DIFFERENCES]:
        console.print(f"    {line}", markup=False, soft_wrap=True)
    return False


def _lines(document: bytes) -> list[str]:
    return json.dumps(json.loads(document), indent=1, ensure_ascii=False, sort_keys=True).splitlines()


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongArgument(
            f"{text!r} is no instant.", where="--as-of", remedy="such as 2026-06-16T18:00+07:00"
        ) from error
    if instant.tzinfo is None:
        raise WrongArgument(f"{text!r} has no time zone.", where="--as-of", remedy="add Z or an offset such as +07:00")
    return instant


def _address(entry: str) -> tuple[str, str]:
    service, separator, url = entry.partition("=")
    if not separator or service not in PARTS:
        raise WrongArgument(
            f"{entry!r} is not SERVICE=URL.", where="--compare", remedy=f"services are {', '.join(PARTS)}"
        )
    if not is_address(url):
        raise WrongArgument(f"{url!r} is no address.", where="--compare", remedy="such as http://127.0.0.1:8002")
    return service, url.rstrip("/")


def _require_comparable(addresses: Mapping[str, str], subjects: Sequence[Subject], known_at: datetime | None) -> None:
    """Raises WrongArgument for a comparison that would not take place, or not of like with like."""
    asked = {each.service for each in subjects}
    for service in addresses.keys() - asked:
        raise WrongArgument(
            f"Nothing that was asked for is held against {service}.",
            where="--compare",
            remedy="name entitlement for a --wallet, intake for a --ticket",
        )
    if addresses and known_at is not None:
        raise WrongArgument(
            "The live API answers what is known now, not what was known once.",
            where="--compare",
            remedy="leave --as-of out to compare, or --compare out to look back",
        )


def _bearer(house: House, provider: str) -> str:
    if house.token_maker is None:
        return ""
    return house.token_maker.mint(client_id="auditor", provider=provider, scopes=["*:read"])
