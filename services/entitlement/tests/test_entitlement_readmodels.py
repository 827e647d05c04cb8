"""Read models are the same however slots and batches are interleaved, and show the books as the events have them."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

import asyncpg
from kippu_entitlement import folds
from kippu_entitlement.app import MIGRATIONS
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.case import answer_approval
from kippu_entitlement.readmodels import PROJECTORS
from kippu_entitlement.requests import decide, load_case
from kippu_entitlement.testing import CUSTOMER, PROVIDER, WALLET, World
from kippu_entitlement.testing.contracts import SERIAL, record, sell
from kippu_events.catalogue.contracts import ContractEnded, ContractRegistered, DocumentIssued, RegistrationChanged
from kippu_events.catalogue.entitlement import OrderPartRefunded, RefundedLine
from kippu_events.catalogue.licences import (
    IncidentMemberIssued,
    LicenceRenewed,
    LicenceSold,
    MemberIdIssued,
    MemberIdVoided,
)
from kippu_events.envelope import Envelope
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_events.work import Work
from kippu_privacy import Plain

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
TABLES = tuple(table for projector in PROJECTORS for table in projector.tables)


async def a_busy_day(plan_text: str) -> World:
    """Something of everything that entitlement records."""
    world = await World(plan_text, VirtualClock(NOW)).begin()
    for quote, product in (("Q-1", "se-1"), ("Q-2", "se-5"), ("Q-3", "se-99")):
        await world.quote_accepted(quote, product)
    for order_id in ("O-1", "O-2"):
        await world.invoice_paid(order_id, date(2026, 11, 18))
    for number in range(6):
        ticket_no = f"KP-0000-000{number}"
        await world.opened(ticket_no, category="preventive_maintenance" if number % 2 else "fault")
        await world.worked(85, ticket_no)
        if number == 1:
            await _answer(world, ticket_no)
        if number == 2:
            await world.declined(ticket_no)
        if number == 3:
            await world.classified(ticket_no, asset_serial="nowhere")
    await world.opened("KP-0000-0009", category="preventive_maintenance")
    await world.declined("KP-0000-0009")
    for number in (6, 7, 8):
        await world.opened(f"KP-0000-000{number}", category="fault")
        await world.worked(600, f"KP-0000-000{number}")
    await world.declined("KP-0000-0007")
    await world.reopened("KP-0000-0007")
    await world.closed("KP-0000-0006")
    await world.quote_accepted("Q-KP-0000-0008.1", "se-5")
    await world.invoice_paid("O-KP-0000-0008.1", date(2026, 11, 18))
    for old, new in (("DEVICE-1", "DEVICE-2"), ("DEVICE-2", "DEVICE-3")):
        await world.delivered(f"KP-0000-0000.S{new[-1]}", new, old)
    await _contracts_and_licences(world)
    await world.run(_given_back)
    world.clock.advance(timedelta(days=1))
    return world


async def _contracts_and_licences(world: World) -> None:
    """Two contracts, of which one is registered, changed and over; licences that are renewed, with their IDs."""
    on_contract: dict[str, Any] = {"contract_id": "C-1", "customer_id": CUSTOMER}
    await sell(world, "C-1", serial=SERIAL)
    await sell(world, "C-2")
    for kind, fields in (
        (
            ContractRegistered,
            {
                "serial": SERIAL,
                "model": "M24ePWR",
                "contact_id": "contact-1",
                "site": Plain(f"customer-{PROVIDER}-{CUSTOMER}", "1 Example Street"),
                "registered_at": NOW,
                "active_from": NOW.date(),
            },
        ),
        (
            DocumentIssued,
            {
                "document_id": "C-1.registration_notice",
                "kind": "registration_notice",
                "clause": "SVT-10",
                "language": "ja",
                "content": {"serial": SERIAL},
            },
        ),
        (RegistrationChanged, {"changed": ("contact_id",), "contact_id": "contact-2", "effective_at": NOW}),
        (ContractEnded, {"ended_on": date(2027, 5, 9)}),
    ):
        await record(world, kind(occurred_at=NOW, **on_contract, **fields))
    await world.run(_licences)


async def _given_back(work: Work) -> None:
    """A part of an order."""
    bought = await work.load(folds.ORDER, PROVIDER, streams.order(PROVIDER, "O-2"))
    line = RefundedLine(line=1, product=bought.state.product, quantity=1)
    part = {"number": 1, "refunded_on": NOW.date(), "reason": "ordered too many", "lines": (line,)}
    work.record(bought, OrderPartRefunded(occurred_at=NOW, order_id="O-2", customer_id=CUSTOMER, **part))


async def _licences(work: Work) -> None:
    stream = await work.load(folds.LICENCE, PROVIDER, streams.licence(PROVIDER, "customer-1.cwc"))
    holder = {"licence_id": "customer-1.cwc", "customer_id": CUSTOMER, "order_id": "O-9"}
    held = {"plan_family": "cwc", "plan_version": "1", "quantity": 2, "price_paid": 400_000}
    for number, kind in enumerate((LicenceSold, LicenceRenewed)):
        until = date(2027 + number, 11, 17)
        term = {"maintained_until": until, "ends_at": NOW + timedelta(days=365 * (number + 1))}
        extra = {"kind": "continuing"} if kind is LicenceRenewed else {}
        bought = kind(occurred_at=NOW, **holder, **held, **term, full_on=NOW.date(), **extra)
        sealed = {name: Plain(stream.name, f"{name}-{number}") for name in ("member_id", "licence_key")}
        known_by = {"member_id_hash": f"{number}" * 64, "language": "ja", "clause": "CWC-12"}
        work.record(stream, bought, MemberIdIssued(occurred_at=NOW, **holder, **term, **known_by, **sealed))
    voided = {"member_id_hash": "0" * 64, "reason": "renewed", "clause": "CWC-12"}
    work.record(
        stream,
        MemberIdVoided(occurred_at=NOW, licence_id="customer-1.cwc", customer_id=CUSTOMER, **voided),
        IncidentMemberIssued(
            occurred_at=NOW,
            **holder,
            language="ja",
            number_hash="9" * 64,
            number=Plain(stream.name, "number"),
            clause="CWC-21",
        ),
    )


async def _answer(world: World, ticket_no: str) -> None:
    async def grant(work: Work) -> None:
        case = await load_case(work, PROVIDER, ticket_no)
        answer = answer_approval(
            case.state, approval_id=f"{ticket_no}.A1", granted=True, actor="operator-1", now=work.now
        )
        work.record(case, answer)
        await decide(work, case)

    await world.run(grant)


async def dump(connection: "asyncpg.Connection[Any]") -> dict[str, list[str]]:
    return {
        table: [row[0] for row in await connection.fetch(f"select t::text from read.{table} as t order by 1")]  # noqa: S608  our own tables' names
        for table in TABLES
    }


def interleaved(envelopes: list[Envelope], chance: random.Random) -> list[list[Envelope]]:
    """The events in batches; each slot in its order, slots in any order against each other."""
    by_slot = sorted(envelopes, key=lambda envelope: (envelope.slot, envelope.slot_seq))
    slots = [list(events) for _, events in groupby(by_slot, key=lambda envelope: envelope.slot)]
    order: list[Envelope] = []
    while slots := [slot for slot in slots if slot]:
        slot = chance.choice(slots)
        order += [slot.pop(0) for _ in range(min(len(slot), chance.randint(1, 5)))]
    batches = []
    while order:
        size = chance.randint(1, 12)
        batches.append(order[:size])
        order = order[size:]
    return batches


async def project(connection: "asyncpg.Connection[Any]", batches: list[list[Envelope]]) -> dict[str, list[str]]:
    await connection.execute("truncate " + ", ".join(f"read.{table}" for table in TABLES))
    for batch in batches:
        for projector in PROJECTORS:
            wanted = [envelope for envelope in batch if isinstance(envelope.event, projector.subscribes)]
            async with connection.transaction():
                await projector.apply(connection, wanted)
    return await dump(connection)


async def test_any_interleaving_of_slots_gives_the_same_read_models(
    service_database: MakeDatabase, plan_text: str
) -> None:
    world = await a_busy_day(plan_text)
    database = await service_database("readmodels", [MIGRATIONS])
    envelopes = await world.log.read(0)
    connection = await asyncpg.connect(database.writer_url)
    try:
        expected = await project(connection, [envelopes])
        assert not [table for table in TABLES if not expected[table]], "every table is shown by this day"
        for seed in range(12):
            chance = random.Random(seed)  # noqa: S311  a repeatable order, not a secret
            assert await project(connection, interleaved(envelopes, chance)) == expected, f"seed {seed}"

        left = {row["lot_id"]: row["remaining"] for row in await connection.fetch("select * from read.lot")}
        assert left == {lot.lot_id: lot.remaining for lot in (await world.wallet()).lots}
        change = await connection.fetchval("select sum(change) from read.wallet_entry where wallet_id = $1", WALLET)
        assert change == sum(left.values())
        owed = {row["debit_id"]: row["owed"] for row in await connection.fetch("select * from read.shortfall")}
        cases = [await world.case(f"KP-0000-000{number}") for number in range(10)]
        assert owed == {short.debit_id: short.missing for case in cases for short in case.shortfalls}
        assert len(set(owed.values())) > 1, "some is owed, and some was settled or forgiven"
        statuses = await connection.fetch("select approval_id, status from read.approval order by approval_id")
        assert [tuple(row) for row in statuses] == [
            ("KP-0000-0001.A1", "granted"),
            ("KP-0000-0003.A1", "superseded"),
            ("KP-0000-0005.A1", "open"),
            ("KP-0000-0009.A1", "superseded"),
        ]
    finally:
        await connection.close()
