"""The proof after a fault: nothing lost, nothing doubled, no wallet below nothing, and the logs give what is live.

It counts from what clients were told, not from what services believe.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kippu_events.catalogue.billing import ChargeRaised, InvoiceIssued
from kippu_events.catalogue.entitlement import (
    AssetRegistered,
    AssetReplaced,
    CoverageDecided,
    TicketDebited,
    TicketsCredited,
)
from kippu_events.catalogue.intake import MailRequested, MailSent, TicketOpened, WorkRecorded
from kippu_events.catalogue.shipments import (
    ReturnExpected,
    ReturnOverdue,
    ShipmentPlanned,
    UnitAllotted,
    UnitDelivered,
    UnitReserved,
    UnitShipped,
    UnitStocked,
)
from kippu_events.catalogue.values import Channel
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_events.replay import dump, replay
from kippu_intake.mail.take_in import mail_id_of
from kippu_service.pools import connect

from kippu.audit import scratch
from kippu.compose import House
from kippu.testing.stock import PACKS
from kippu.testing.town import PROVIDER, Town
from kippu.testing.traffic import UNITS, Ledger, Traffic

REPEATED = 6
"""So many acknowledged commands are sent once more."""


async def prove(town: Town, traffic: Traffic, ledger: Ledger) -> None:
    """Holds everything against what was acknowledged: by this traffic, and by the town before it."""
    assert traffic.tickets, "nobody was served"
    ledger.add(traffic)
    async with town.house() as house:
        await town.settled(house)
        logs = {name: await everything(house.logs[name]) for name in town.names}
        prove_requests(logs["intake"], ledger.tickets, ledger.exchanges)
        await prove_mails(house, logs["intake"], ledger.mails)
        prove_decisions(logs["entitlement"], ledger.tickets, ledger.exchanges)
        prove_exchanges(logs["dispatch"], logs["entitlement"], ledger.exchanges)
        prove_charges(logs["dispatch"], logs["billing"])
        prove_wallets(logs["entitlement"], len(ledger.tickets))
        await prove_repeats(house, traffic)
        for name in town.names:
            await prove_read_models(house, name)


async def everything(log: Log) -> list[Envelope]:
    """The whole log; reading it proves that it has no gap and that every checksum holds."""
    found: list[Envelope] = []
    while batch := await log.read(len(found)):
        found += batch
    return found


def of(kind: type[Event], envelopes: Iterable[Envelope]) -> list[Any]:
    return [envelope.event for envelope in envelopes if envelope.type == kind.type]


def prove_requests(intake: Sequence[Envelope], tickets: Mapping[str, list[int]], exchanges: Mapping[str, str]) -> None:
    """Each request that was acknowledged is there once, with the work that was acknowledged, and no other is."""
    opened = Counter(event.ticket_no for event in of(TicketOpened, intake) if event.channel is Channel.PORTAL)
    assert opened == Counter([*tickets, *exchanges])
    worked: defaultdict[str, list[int]] = defaultdict(list)
    for event in of(WorkRecorded, intake):
        worked[event.ticket_no].append(event.minutes)
    assert dict(worked) == {number: minutes for number, minutes in tickets.items() if minutes}


async def prove_mails(house: House, intake: Sequence[Envelope], mails: Sequence[bytes]) -> None:
    """Each mail that was taken opened one request, and every letter that was asked for went out, noted once."""
    for raw in mails:
        mail_id = mail_id_of("support@iij.example", raw)
        assert await house.logs["intake"].find_command(f"mail:{PROVIDER}:{mail_id}") is not None
    assert sum(event.channel is Channel.MAIL for event in of(TicketOpened, intake)) == len(mails)
    asked = Counter(event.mail_id for event in of(MailRequested, intake))
    assert Counter(event.mail_id for event in of(MailSent, intake)) == asked
    letters = len(list(house.settings.mail_folder.glob("*.eml")))
    assert letters == len(asked), "a letter that is sent again after a crash keeps its Message-ID, so it is one file"


def prove_decisions(
    entitlement: Sequence[Envelope], tickets: Mapping[str, list[int]], exchanges: Mapping[str, str]
) -> None:
    """Each request was decided once, and those of units once more when the fault was isolated."""
    decided = Counter((event.ticket_no, event.decision) for event in of(CoverageDecided, entitlement))
    by_portal = {entry: times for entry, times in decided.items() if entry[0] in tickets or entry[0] in exchanges}
    once = {(number, 1): 1 for number in (*tickets, *exchanges)}
    assert by_portal == once | {(number, 2): 1 for number in exchanges}


def prove_exchanges(
    dispatch: Sequence[Envelope], entitlement: Sequence[Envelope], exchanges: Mapping[str, str]
) -> None:
    """For each request one shipment was planned, and went out once, with the unit that was told; no unit went out for
    two. The failed one is due back once, and the other one is in its place in the register, once."""
    each = Counter(exchanges.keys())
    for kind in (ShipmentPlanned, UnitAllotted, UnitShipped, UnitDelivered, ReturnExpected):
        assert Counter(event.ticket_no for event in of(kind, dispatch)) == each, kind.type
    for told in (UnitReserved, UnitShipped, UnitDelivered):
        assert Counter((event.ticket_no, event.serial) for event in of(told, dispatch)) == Counter(exchanges.items())
    assert Counter(event.serial for event in of(UnitStocked, dispatch)) == Counter(exchanges.values())
    registered = Counter(event.serial for event in of(AssetRegistered, entitlement))
    assert {serial: registered[serial] for serial in exchanges.values()} == dict.fromkeys(exchanges.values(), 1)
    replaced = Counter(event.new_serial for event in of(AssetReplaced, entitlement))
    assert replaced == dict.fromkeys(exchanges.values(), 2), "on both units' streams"


def prove_charges(dispatch: Sequence[Envelope], billing: Sequence[Envelope]) -> None:
    """Each return that fell overdue did so once, and was charged and invoiced once; nothing else was charged."""
    overdue = Counter(event.shipment_id for event in of(ReturnOverdue, dispatch))
    assert set(overdue.values()) <= {1}
    charges = of(ChargeRaised, billing)
    assert Counter(event.shipment_id for event in charges) == overdue
    invoiced = Counter(event.order_id for event in of(InvoiceIssued, billing))
    assert [invoiced[event.charge_id] for event in charges] == [1] * len(charges)


def prove_wallets(entitlement: Sequence[Envelope], tickets: int) -> None:
    """At every version of every wallet no lot is below nothing; and in the end it was debited for what was done."""
    lots: Counter[str] = Counter()
    debited = 0
    for envelope in entitlement:
        if envelope.type == TicketsCredited.type:
            lots[envelope.event.model_dump()["lot_id"]] += envelope.event.model_dump()["quantity"]
        elif envelope.type == TicketDebited.type:
            event = envelope.event.model_dump()
            for part in event["allocations"]:
                lots[part["lot_id"]] -= part["quantity"]
                assert lots[part["lot_id"]] >= 0, f"{envelope.stream} at version {envelope.version}"
            debited += event["quantity"]
            assert debited <= UNITS * tickets
    assert debited == UNITS * tickets
    assert sum(lots.values()) == 10 * PACKS * len(lots) - debited


async def prove_repeats(house: House, traffic: Traffic) -> None:
    """Acknowledged commands, sent again, answer the same and record nothing."""
    before = [(await log.head()).position for log in house.logs.values()]
    for command in traffic.chance.sample(traffic.commands, min(REPEATED, len(traffic.commands))):
        again = await traffic.send(command.service, command.path, command.key, command.body, command.provider)
        assert again.content == command.answer
    assert [(await log.head()).position for log in house.logs.values()] == before


async def prove_read_models(house: House, name: str) -> None:
    """What the logs give, replayed into an empty database, is what the live read models hold, byte for byte."""
    projectors = house.services[name].projectors
    tables = sorted({table for projector in projectors for table in projector.tables})
    live = await connect(house.databases.services[name].writer_url)
    try:
        held = await dump(live, tables)
    finally:
        await live.close()
    async with scratch(house, name) as connection:
        await replay(house.logs, projectors, connection)
        assert await dump(connection, tables) == held, f"the read models of {name} are not what its logs say"
