"""Requests over HTTP: portals and the desk, on a real PostgreSQL; nobody sees what is not theirs."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import httpx
import orjson
from kippu_events.catalogue.intake import FaultIsolated, MailRequested, MailUnmatched, TicketOpened
from kippu_intake.domain.names import ticket_stream
from kippu_intake.history import Entry, history
from kippu_intake.testing import NOW, ONE, STRANGER, House, a_mail
from kippu_service.testing import Caller


def portal_of(intake: House) -> Caller:
    return Caller(intake.living.app, customers=["customer-1"], client_id="portal-1")


def request(**changes: Any) -> dict[str, Any]:
    return {
        "customer_id": "customer-1",
        "contact_id": "contact-1",
        "plan_family": "iij-se",
        "subject": "เราเตอร์ไม่ทำงาน",
        "text": "The router is down.",
        "category": "fault",
    } | changes


async def opened(intake: House, caller: Caller, **changes: Any) -> str:
    answer = await caller.post("/v1/tickets", json=request(**changes))
    assert answer.status_code == 201, answer.text
    await intake.living.settle()
    return str(answer.json()["ticket_no"])


def codes(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(error.get("field", ""), error["code"]) for error in answer.json()["errors"]}


async def test_a_portal_gets_a_number_at_once_and_reads_what_it_wrote(intake: House) -> None:
    async with portal_of(intake) as portal:
        answer = await portal.post("/v1/tickets", json=request())
        number = answer.json()["ticket_no"]
        assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/tickets/{number}")
        position = {"Kippu-Min-Position": answer.headers["kippu-position"]}
        shown = (await portal.get(f"/v1/tickets/{number}", headers=position)).json()
    assert (shown["status"], shown["subject"], shown["channel"]) == ("open", "เราเตอร์ไม่ทำงาน", "portal")
    assert [message["text"] for message in shown["messages"]] == ["The router is down."]
    assert [mail["template"] for mail in shown["mails"]] == ["ticket_opened"]


async def test_what_nobody_knows_is_named_beside_what_is_malformed(intake: House) -> None:
    malformed = {"subject": "", "colour": "red", "received_at": 1_763_260_200}
    said = {("subject", "string_too_short"), ("colour", "extra_forbidden"), ("received_at", "instant_form")}
    contact, plan = ("contact_id", "unknown_contact"), ("plan_family", "unknown_plan")
    async with Caller(intake.living.app) as desk, portal_of(intake) as portal:
        for changes, unknown in (
            ({}, set()),
            ({"contact_id": " contact-3 ", "category": "gardening"}, {contact, ("category", "unknown_category")}),
            ({"contact_id": "contact-3", "plan_family": "unheard-of"}, {contact, plan}),
            ({"plan_family": "unheard-of", "category": "gardening"}, {plan}),
        ):
            answer = await desk.post("/v1/tickets", json=request(**malformed, **changes))
            assert (answer.status_code, codes(answer)) == (422, said | unknown)
        # What is malformed itself is not looked up, and nothing is told of another customer's.
        unread = await desk.post("/v1/tickets", json=request(contact_id=7, category="Ärger", channel="pigeon"))
        assert {field for field, _ in codes(unread)} == {"contact_id", "category", "channel"}
        theirs = await portal.post(
            "/v1/tickets", json=request(subject="", customer_id="customer-2", contact_id="nobody")
        )
        assert codes(theirs) == {("subject", "string_too_short")}
        no_object = await desk.post("/v1/tickets", json=[1])
        assert no_object.status_code == 422
    assert await intake.said(TicketOpened) == []


async def test_every_fault_of_a_request_is_named_at_once(intake: House) -> None:
    async with Caller(intake.living.app) as desk:
        answer = await desk.post(
            "/v1/tickets", json=request(contact_id="contact-3", plan_family="unheard-of", customer_id="customer-1")
        )
        assert (answer.status_code, codes(answer)) == (
            422, {("contact_id", "unknown_contact"), ("plan_family", "unknown_plan")}
        )  # fmt: skip
        answer = await desk.post("/v1/tickets", json=request(wanted_minutes=0, category="gardening"))
        length = {("wanted_at", "missing"), ("wanted_minutes", "out_of_range")}
        assert (answer.status_code, codes(answer)) == (422, {("category", "unknown_category")} | length)
        answer = await desk.post(
            "/v1/tickets", json=request(contact_id="contact-3", wanted_at="2020-01-01T00:00:00Z", wanted_minutes=60)
        )
        assert codes(answer) == {("contact_id", "unknown_contact"), ("wanted_at", "in_past")}
        answer = await desk.post("/v1/tickets", json=request(wanted_at="2026-02-30T10:00:00Z", colour="red"))
        assert {field for field, _ in codes(answer)} == {"wanted_at", "colour"}
    assert await intake.said() == []


async def test_requests_that_arrive_together_are_each_held_against_their_own_provider(intake: House) -> None:
    """They are looked up in one round trip: nobody's contact may become another provider's, or another question's."""
    async with Caller(intake.living.app) as desk, Caller(intake.living.app, "other") as others:
        asked = [(caller, f"contact-{number}") for number in (1, 2) for caller in (desk, others)] * 4
        answers = await asyncio.gather(
            *[caller.post("/v1/tickets", json=request(contact_id=contact)) for caller, contact in asked]
        )
    assert [answer.status_code for answer in answers] == [201, 422] * 8
    assert all(codes(answer) == {("contact_id", "unknown_contact")} for answer in answers[1::2])
    opened = await intake.said(TicketOpened)
    assert sorted(event.contact_id for event in opened) == ["contact-1"] * 4 + ["contact-2"] * 4


async def test_a_call_is_entered_by_the_desk_and_counts_from_when_it_came_in(intake: House) -> None:
    rang = (NOW - timedelta(minutes=20)).isoformat()
    async with portal_of(intake) as portal:
        answer = await portal.post("/v1/tickets", json=request(channel="telephone"))
        assert codes(answer) == {("channel", "staff_only")}
    async with Caller(intake.living.app) as desk:
        await opened(intake, desk, channel="telephone", received_at=rang)
    [event] = await intake.said(TicketOpened)
    assert (event.channel, event.received_at.isoformat()) == ("telephone", rang)


async def test_the_desk_works_on_a_request_to_its_end(intake: House) -> None:
    intake.living.clock.advance(timedelta(hours=2))
    async with Caller(intake.living.app, client_id="engineer-1") as desk:
        number = await opened(intake, desk, received_at=NOW.isoformat())
        path = f"/v1/tickets/{number}"
        read = await desk.get(path)
        work = {"kind": "isolation", "started_at": NOW.isoformat(), "minutes": 35}
        done = await desk.post(f"{path}/work", json=work, headers={"If-Match": read.headers["etag"]})
        assert (done.status_code, done.json()["work_id"]) == (201, f"{number}.W1")
        stale = await desk.post(f"{path}/work", json=work, headers={"If-Match": read.headers["etag"]})
        assert stale.status_code == 412

        classified = await desk.post(f"{path}/classification", json={"category": "fault", "asset_serial": "DEVICE-1"})
        assert classified.status_code == 200
        await desk.post(f"{path}/messages", json={"text": "We are on it."})
        for step, status in (("resolve", "resolved"), ("close", "closed")):
            assert (await desk.post(f"{path}/{step}", json={})).json()["status"] == status
        refused = await desk.post(f"{path}/work", json=work)
        assert (refused.status_code, codes(refused)) == (409, {("", "ticket_ended")})
        assert (await desk.post(f"{path}/reopen", json={})).json()["status"] == "open"

        await intake.living.settle()
        shown = (await desk.get(path)).json()
    assert (shown["status"], shown["asset_serial"], shown["minutes_recorded"]) == ("open", "DEVICE-1", 35)
    assert [(each["kind"], each["recorded_by"]) for each in shown["work"]] == [("isolation", "engineer-1")]
    assert [message["direction"] for message in shown["messages"]] == ["inbound", "outbound"]


async def test_an_isolation_is_recorded_shown_and_corrected(intake: House) -> None:
    intake.living.clock.advance(timedelta(hours=2))
    async with Caller(intake.living.app, client_id="engineer-1") as desk:
        asked = {"category": "question", "topic": "smb", "part": "disk", "asset_serial": "nas/１"}
        path = f"/v1/tickets/{await opened(intake, desk, received_at=NOW.isoformat(), **asked)}"
        found = {"asset_serial": "nas/１", "part": "disk", "isolated_at": NOW.isoformat()}
        recorded = await desk.post(f"{path}/isolation", json=found)
        assert recorded.status_code == 200, recorded.text
        corrected = await desk.post(f"{path}/isolation", json={**found, "asset_serial": "NAS-2", "part": None})
        assert corrected.status_code == 200
        await intake.living.settle()
        shown = (await desk.get(path)).json()
        events = (await desk.get(f"{path}/history")).json()["events"]

        early, late = NOW - timedelta(seconds=1), NOW + timedelta(hours=3)
        for instant, code in ((early, "before_receipt"), (late, "in_future")):
            refused = await desk.post(f"{path}/isolation", json={**found, "isolated_at": instant.isoformat()})
            assert (refused.status_code, codes(refused)) == (422, {("isolated_at", code)})
        assert (await desk.post(f"{path}/isolation", json={**found, "asset_serial": ""})).status_code == 422
        await desk.post(f"{path}/close", json={})
        ended = await desk.post(f"{path}/isolation", json=found)
        assert (ended.status_code, codes(ended)) == (409, {("", "ticket_ended")})
    assert {name: shown[name] for name in ("topic", "part", "isolated_at", "isolated_serial", "isolated_part")} == {
        "topic": "smb", "part": "disk", "isolated_at": "2026-11-18T03:00:00Z",
        "isolated_serial": "NAS-2", "isolated_part": None,
    }  # fmt: skip
    isolated = [event["data"] for event in events if event["type"] == FaultIsolated.type]
    assert [(each["asset_serial"], each["isolated_by"]) for each in isolated] == [
        ("nas/１", "engineer-1"),
        ("NAS-2", "engineer-1"),
    ]


async def test_a_file_comes_back_as_it_went_for_downloading_only(intake: House) -> None:
    page = b"<html><script>alert(1)</script></html>"
    async with portal_of(intake) as portal:
        path = f"/v1/tickets/{await opened(intake, portal)}"
        file = {"file_name": "../../etc/ภาพ.png", "content": base64.b64encode(page).decode()}
        answer = await portal.post(f"{path}/attachments", json=file)
        assert answer.status_code == 201, answer.text
        await intake.living.settle()
        got = await portal.get(f"{path}/attachments/{answer.json()['attachment_id']}")
        assert (got.content, got.headers["content-type"]) == (page, "text/html; charset=utf-8")
        assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E0%B8%A0")
        assert (got.headers["x-content-type-options"], "sandbox" in got.headers["content-security-policy"]) == (
            "nosniff", True
        )  # fmt: skip
        wrong = await portal.post(f"{path}/attachments", json={"file_name": "a", "content": "not base64!"})
        assert wrong.status_code == 422
        shown = (await portal.get(path)).json()
    assert [file["file_name"] for file in shown["messages"][0]["attachments"]] == ["ภาพ.png"]


async def test_a_repeated_request_is_one(intake: House) -> None:
    async with Caller(intake.living.app) as desk:
        key = {"Idempotency-Key": "once"}
        first = await desk.post("/v1/tickets", json=request(), headers=key)
        again = await desk.post("/v1/tickets", json=request(), headers=key)
        other = await desk.post("/v1/tickets", json=request(subject="other"), headers=key)
    assert (first.json(), other.status_code) == (again.json(), 422)
    assert len(await intake.said(TicketOpened)) == 1


async def test_a_list_is_paged_and_filtered(intake: House) -> None:
    async with Caller(intake.living.app) as desk:
        numbers = []
        for _ in range(3):
            intake.living.clock.advance(timedelta(minutes=1))
            numbers.append(await opened(intake, desk))
        await desk.post(f"/v1/tickets/{numbers[0]}/resolve", json={})
        await intake.living.settle()
        first = (await desk.get("/v1/tickets", params={"limit": 2})).json()
        rest = (await desk.get("/v1/tickets", params={"limit": 2, "cursor": first["next"]})).json()
        resolved = (await desk.get("/v1/tickets", params={"status": "resolved"})).json()
    assert [item["ticket_no"] for item in first["items"] + rest["items"]] == numbers[::-1]
    assert [item["ticket_no"] for item in resolved["items"]] == numbers[:1]


async def test_nobody_sees_or_touches_what_is_not_theirs(intake: House) -> None:
    async with Caller(intake.living.app) as desk:
        number = await opened(intake, desk)
    for other in (Caller(intake.living.app, customers=["customer-2"]), Caller(intake.living.app, "other")):
        async with other as caller:
            assert (await caller.get("/v1/tickets")).json()["items"] == []
            for path in ("", "/history", f"/attachments/{number}.F1"):
                assert (await caller.get(f"/v1/tickets/{number}{path}")).status_code == 404
            for step, body in (("messages", {"text": "Hello"}), ("attachments", {"file_name": "a", "content": "YQ=="})):
                assert (await caller.post(f"/v1/tickets/{number}/{step}", json=body)).status_code == 404
    async with portal_of(intake) as portal:
        assert (await portal.get("/v1/unmatched-mail")).status_code == 403
        assert (await portal.post(f"/v1/tickets/{number}/resolve", json={})).status_code == 403
        found = {"asset_serial": "DEVICE-1", "isolated_at": NOW.isoformat()}
        assert (await portal.post(f"/v1/tickets/{number}/isolation", json=found)).status_code == 403
    async with Caller(intake.living.app, "other") as others:
        assert (await others.post(f"/v1/tickets/{number}/isolation", json=found)).status_code == 404


async def test_an_operator_turns_an_unmatched_mail_into_a_ticket(intake: House) -> None:
    mail = a_mail("router down", "It is dark.", sender=STRANGER)
    mail["Message-ID"] = "<m1@elsewhere.example>"
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="a.pdf")
    await intake.taken(mail, sender=STRANGER)
    intake.living.clock.advance(timedelta(hours=3))
    async with Caller(intake.living.app, client_id="operator-1") as desk:
        [item] = (await desk.get("/v1/unmatched-mail")).json()["items"]
        assert (item["reason"], item["sender"], item["subject"]) == ("no_prefix", STRANGER, "router down")
        path = f"/v1/unmatched-mail/{item['mail_id']}"
        read = await desk.get(path)
        assert read.json()["text"] == "It is dark."
        body = {"customer_id": "customer-1", "contact_id": "contact-2", "plan_family": "iij-se", "category": "fault"}
        made = await desk.post(f"{path}/ticket", json=body, headers={"If-Match": read.headers["etag"]})
        assert made.status_code == 201, made.text
        assert (await desk.post(f"{path}/ticket", json=body)).status_code == 409
        await intake.living.settle()
        assert (await desk.get("/v1/unmatched-mail")).json()["items"] == []
        shown = (await desk.get(f"/v1/tickets/{made.json()['ticket_no']}")).json()
    assert (shown["contact_id"], shown["channel"], shown["messages"][0]["text"]) == ("contact-2", "mail", "It is dark.")
    assert [file["file_name"] for file in shown["messages"][0]["attachments"]] == ["a.pdf"]
    [event] = await intake.said(TicketOpened)
    assert event.received_at == NOW  # it counts from its receipt (IIJ-07)
    assert [asked.template for asked in await intake.said(MailRequested)] == ["unmatched", "ticket_opened"]
    assert len(await intake.said(MailUnmatched)) == 1


async def test_the_history_is_what_a_replay_of_the_log_gives_byte_for_byte(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"))
    [event] = await intake.said(TicketOpened)
    first_known = (await intake.living.runtime.log.head()).recorded_at
    intake.living.clock.advance(timedelta(hours=1))
    await intake.taken(a_mail(f"Re: [{event.ticket_no}]", "more", sender=ONE))
    async with Caller(intake.living.app) as auditor:
        live = (await auditor.get(f"/v1/tickets/{event.ticket_no}/history")).content
        params = {"as_of": first_known.isoformat()}
        then = (await auditor.get(f"/v1/tickets/{event.ticket_no}/history", params=params)).content
    envelopes = await intake.living.runtime.log.read_stream(ticket_stream("iij", event.ticket_no))
    assert live == history(event.ticket_no, map(Entry.of, envelopes))
    assert [each["type"].split(".")[2] for each in orjson.loads(live)["events"]] == [
        "TicketOpened", "MailRequested", "MessageAdded"
    ]  # fmt: skip
    assert then == history(event.ticket_no, [Entry.of(each) for each in envelopes[:2]])
    assert b"customer-1.example" not in live  # what is personal stays sealed
