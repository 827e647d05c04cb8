"""Read models are the same however slots come interleaved; made again from position 0, they equal the live ones."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.intake import TicketOpened
from kippu_events.catalogue.values import Outcome, Reply
from kippu_events.envelope import Envelope
from kippu_intake.readmodels.mails import UnmatchedMails
from kippu_intake.readmodels.tickets import Tickets
from kippu_intake.testing import STRANGER, THREE, House, a_mail
from kippu_service.testing import Caller

DUMPS = {
    "ticket": "select * from read.ticket order by provider, ticket_no",
    "ticket_event": "select * from read.ticket_event order by provider, ticket_no, version",
    "unmatched_mail": "select * from read.unmatched_mail order by provider, mail_id",
}


async def dump(intake: House) -> dict[str, list[Any]]:
    return {name: [tuple(row) for row in await intake.living.runtime.writers.fetch(sql)] for name, sql in DUMPS.items()}


def interleaved(envelopes: Sequence[Envelope], seed: int) -> list[Envelope]:
    """Each slot in its order, the slots against each other in any."""
    chance = random.Random(seed)  # noqa: S311  not for secrets, but to be repeatable
    turns = [envelope.slot for envelope in envelopes]
    chance.shuffle(turns)
    queues = {slot: [each for each in envelopes if each.slot == slot] for slot in set(turns)}
    return [queues[slot].pop(0) for slot in turns]


async def busy(intake: House) -> None:
    for number in range(4):
        sender = THREE if number % 2 else STRANGER
        await intake.send(a_mail(f"[ticket] router {number}"))
        await intake.send(a_mail(f"no prefix {number}", sender=sender), sender=sender)
    await intake.living.settle()
    intake.living.clock.advance(timedelta(hours=1))
    async with Caller(intake.living.app) as desk:
        for number, ticket in enumerate((await desk.get("/v1/tickets")).json()["items"]):
            path = f"/v1/tickets/{ticket['ticket_no']}"
            await desk.post(f"{path}/classification", json={"category": "fault"} if number else {})
            for said in ({"cause": "wear", "keep_part": True}, {"keep_part": False, "internet": True})[:number]:
                await desk.post(f"{path}/details", json=said)
            await desk.post(
                f"{path}/work", json={"kind": "isolation", "started_at": ticket["received_at"], "minutes": 5 + number}
            )
            for part in (None, "disk")[: number % 3]:
                found = {"asset_serial": f"NAS-{number}", "part": part, "isolated_at": ticket["received_at"]}
                await desk.post(f"{path}/isolation", json=found)
            await desk.post(f"{path}/messages", json={"text": "hello"})
            for step in ("resolve", "close", "reopen")[:number]:
                await desk.post(f"{path}/{step}", json={})
        [first, *_] = (await desk.get("/v1/unmatched-mail")).json()["items"]
        chosen = {"customer_id": "customer-1", "contact_id": "contact-1", "plan_family": "iij-se"}
        await desk.post(f"/v1/unmatched-mail/{first['mail_id']}/ticket", json=chosen)
    await intake.living.settle()
    for decision, counts_from in ((1, None), (2, intake.living.clock.now())):
        for ticket in await intake.said(TicketOpened):
            await intake.living.hear(*decided(ticket, decision, counts_from))
    await intake.living.settle()


def decided(ticket: TicketOpened, decision: int, counts_from: datetime | None) -> tuple[str, str, CoverageDecided]:
    event = CoverageDecided(
        occurred_at=ticket.received_at,
        ticket_no=ticket.ticket_no,
        customer_id=ticket.customer_id,
        contact_id=ticket.contact_id,
        decision=decision,
        plan_family=ticket.plan_family,
        plan_version="2025-04-01",
        outcome=Outcome.COVERED,
        deciding_clause="QNP-15",
        findings=(),
        remedies=(),
        facts={},
        counts_from=counts_from,
        replies=(Reply(about="written_report", answer="declined", clause="QNP-15"),),
    )
    return "entitlement", f"case-iij-{ticket.ticket_no}", event


async def test_a_replay_in_any_interleaving_and_any_batches_equals_live(intake: House) -> None:
    await busy(intake)
    live = await dump(intake)
    assert len(live["ticket"]) == 5
    isolated = await intake.living.runtime.writers.fetch(
        "select isolated_part from read.ticket where isolated_at < now()"
    )
    assert {row[0] for row in isolated} == {None, "disk"}
    said = await intake.living.runtime.writers.fetch("select details, expectation from read.ticket")
    assert {orjson.loads(row["details"]).get("keep_part") for row in said} == {None, True, False}
    assert {row["expectation"] and orjson.loads(row["expectation"])["decision"] for row in said} == {None, 2}
    assert len(live["unmatched_mail"]) == 4
    envelopes = await intake.living.runtime.log.read(0, 10_000)
    for seed in range(6):
        await replay(intake, interleaved(envelopes, seed), size=(1, 3, 1000)[seed % 3])
        assert await dump(intake) == live, seed


async def replay(intake: House, envelopes: Sequence[Envelope], size: int) -> None:
    connection = await intake.living.runtime.connect_writer()
    try:
        for projector in (Tickets(), UnmatchedMails()):
            types = {event.type for event in projector.subscribes}
            wanted = [envelope for envelope in envelopes if envelope.type in types]
            async with connection.transaction():
                for table in projector.tables:
                    await connection.execute(f"delete from read.{table}")  # noqa: S608  a name of ours
                for start in range(0, len(wanted), size):
                    await projector.apply(connection, wanted[start : start + size])
    finally:
        await connection.close()
