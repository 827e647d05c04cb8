"""What else is said of a request, by portals and by the desk: who may say what, and how it is shown."""

from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from kippu_events.catalogue.intake import AttachmentAdded, RequestDetailsRecorded, TicketClassified, TicketOpened
from kippu_events.catalogue.values import RequestDetails
from kippu_intake.testing import NOW, House, a_mail
from kippu_service.testing import Caller

REQUEST = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "plan_family": "iij-se",
    "subject": "The router is down",
    "category": "fault",
}
LATER = (NOW + timedelta(hours=5)).isoformat()
WISHES = {"keep_part": True, "written_report": "asked", "wanted_service": "onsite_24h", "answer_wanted_by": LATER}


def portal_of(intake: House) -> Caller:
    return Caller(intake.living.app, customers=["customer-1"], client_id="portal-1")


async def opened(caller: Caller, details: Mapping[str, Any]) -> str:
    answer = await caller.post("/v1/tickets", json=REQUEST | {"details": details})
    assert answer.status_code == 201, answer.text
    return f"/v1/tickets/{answer.json()['ticket_no']}"


def faults(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


async def test_wishes_are_stated_with_the_request_added_to_and_shown(intake: House) -> None:
    async with portal_of(intake) as portal:
        path = await opened(portal, WISHES | {"cause": "wear"})
        said = await portal.post(f"{path}/details", json={"keep_part": False, "visit_site": "other"})
        assert said.status_code == 200, said.text
        again = await portal.post(f"{path}/details", json={"visit_site": "other"})
        assert again.status_code == 200
        await intake.living.settle()
        shown = (await portal.get(path)).json()
    [ticket] = await intake.said(TicketOpened)
    assert ticket.details == RequestDetails(**WISHES, cause="wear")
    [recorded] = await intake.said(RequestDetailsRecorded)
    assert (recorded.details, recorded.recorded_by) == (
        RequestDetails(keep_part=False, visit_site="other"),
        "portal-1",
    )
    known = {name: value for name, value in shown["details"].items() if value is not None}
    answer_by = known.pop("answer_wanted_by")
    assert answer_by.replace("Z", "+00:00") == LATER
    assert known == {
        "cause": "wear",
        "keep_part": False,
        "written_report": "asked",
        "wanted_service": "onsite_24h",
        "visit_site": "other",
    }


@pytest.mark.parametrize(
    "details",
    [
        {"asked_by": "contact"},
        {"config_file_at": NOW.isoformat()},
        {"config_override": True},
        {"operator_serves": True},
        {"firmware": "asked"},
        {"agreement": "asked"},
        {"written_report": "granted"},
    ],
    ids=lambda details: "-".join(map(str, *details.items())),
)
async def test_what_the_provider_asks_grants_or_decides_no_partner_says(intake: House, details: dict[str, Any]) -> None:
    [(name, _)] = details.items()
    async with portal_of(intake) as portal:
        path = await opened(portal, {})
        refused = await portal.post("/v1/tickets", json=REQUEST | {"details": details})
        assert (refused.status_code, faults(refused)) == (422, {(f"details.{name}", "staff_only")})
        refused = await portal.post(f"{path}/details", json=details)
        assert (refused.status_code, faults(refused)) == (422, {(name, "staff_only")})
    async with Caller(intake.living.app) as desk:
        assert (await desk.post(f"{path}/details", json=details)).status_code == 200


async def test_a_partner_says_in_the_report_only_why_and_when_it_failed(intake: House) -> None:
    failed = {"cause": "natural_disaster", "failed_at": (NOW - timedelta(days=1)).isoformat()}
    async with portal_of(intake) as portal:
        path = await opened(portal, failed)
        refused = await portal.post(f"{path}/details", json=failed | {"firmware": "done"})
        assert faults(refused) == {("cause", "staff_only"), ("failed_at", "staff_only")}
        assert (await portal.post(f"{path}/details", json={"firmware": "done"})).status_code == 200
    async with Caller(intake.living.app) as desk:
        assert (await desk.post(f"{path}/details", json={"cause": "wear"})).status_code == 200


async def test_every_impossible_time_is_named_at_once_and_nothing_is_recorded(intake: House) -> None:
    early, late = (NOW - timedelta(seconds=1)).isoformat(), (NOW + timedelta(seconds=1)).isoformat()
    wrong = {"failed_at": late, "config_file_at": late, "answer_wanted_by": early}
    expected = {("failed_at", "in_future"), ("config_file_at", "in_future"), ("answer_wanted_by", "in_past")}
    within = {(f"details.{name}", code) for name, code in expected}
    async with Caller(intake.living.app) as desk:
        assert faults(await desk.post("/v1/tickets", json=REQUEST | {"details": wrong})) == within
        path = await opened(desk, {})
        assert faults(await desk.post(f"{path}/details", json=wrong)) == expected
        assert faults(await desk.post(f"{path}/classification", json={"details": wrong})) == within
        beyond = await desk.post(f"{path}/details", json={"answer_wanted_by": "2100-01-01T00:00:00Z"})
        assert faults(beyond) == {("answer_wanted_by", "out_of_range")}
        now = {"failed_at": NOW.isoformat(), "config_file_at": NOW.isoformat(), "answer_wanted_by": NOW.isoformat()}
        assert (await desk.post(f"{path}/details", json=now)).status_code == 200
    assert len(await intake.said(RequestDetailsRecorded)) == 1
    assert await intake.said(TicketClassified) == []


FILE = {"file_name": "router.conf", "content": "aG9zdG5hbWU="}


@pytest.mark.clause("SVT-16")
async def test_a_configuration_file_with_the_report_counts_from_the_report(intake: House) -> None:
    async with portal_of(intake) as portal:
        answer = await portal.post("/v1/tickets", json=REQUEST | {"config_file": FILE})
        assert answer.status_code == 201, answer.text
        path = f"/v1/tickets/{answer.json()['ticket_no']}"
        intake.living.clock.advance(timedelta(hours=1))
        assert (await portal.post(f"{path}/attachments", json=FILE | {"config_file": True})).status_code == 201
        await intake.living.settle()
        shown = (await portal.get(path)).json()
    [ticket] = await intake.said(TicketOpened)
    assert ticket.details == RequestDetails(config_file_at=ticket.received_at)
    assert await intake.said(RequestDetailsRecorded) == [], "the first one counts"
    assert [file["file_name"] for file in shown["messages"][0]["attachments"]] == ["router.conf", "router.conf"]


@pytest.mark.clause("SVT-16")
async def test_a_configuration_file_that_comes_later_says_when_and_any_other_file_nothing(intake: House) -> None:
    async with portal_of(intake) as portal:
        path = await opened(portal, {})
        assert (await portal.post(f"{path}/attachments", json=FILE)).status_code == 201
        intake.living.clock.advance(timedelta(minutes=1))
        late = await portal.post(f"{path}/attachments", json=FILE | {"config_file": True})
        assert late.json()["attachment_id"].endswith(".F2")
    [recorded] = await intake.said(RequestDetailsRecorded)
    assert recorded.details == RequestDetails(config_file_at=NOW + timedelta(minutes=1))
    async with Caller(intake.living.app) as desk:
        came_with_it = {"config_file_at": NOW.isoformat()}
        assert (await desk.post(f"{path}/details", json=came_with_it)).status_code == 200
        await intake.living.settle()
        assert (await desk.get(path)).json()["details"]["config_file_at"] == "2026-11-18T03:00:00Z"


@pytest.mark.clause("SVT-16")
async def test_a_configuration_that_comes_with_the_mail_that_reports_the_fault_counts_and_a_later_one_says_when(
    intake: House,
) -> None:
    def mailed(subject: str, file_name: str) -> EmailMessage:
        mail = a_mail(subject)
        mail.add_attachment("hostname router-1", filename=file_name)
        return mail

    await intake.taken(mailed("[ticket] with it", "running-config.txt"))
    await intake.taken(mailed("[ticket] without it", "reconfigured.txt"))
    with_it, without_it = await intake.said(TicketOpened)
    assert with_it.details == RequestDetails(config_file_at=with_it.received_at)
    assert without_it.details is None

    intake.living.clock.advance(timedelta(minutes=1))
    await intake.taken(mailed(f"Re: [{with_it.ticket_no}]", "router.CFG"))
    await intake.taken(mailed(f"Re: [{without_it.ticket_no}]", "router.CFG"))
    [later] = await intake.said(RequestDetailsRecorded)
    assert (later.ticket_no, later.details) == (
        without_it.ticket_no, RequestDetails(config_file_at=NOW + timedelta(minutes=1))
    )  # fmt: skip

    async with Caller(intake.living.app) as desk:
        await desk.post(f"/v1/tickets/{without_it.ticket_no}/close", json={})
    await intake.taken(mailed(f"Re: [{without_it.ticket_no}] again", "router.conf"))
    assert len(await intake.said(AttachmentAdded)) == 5, "what ended takes a file, and says nothing by it"
    assert len(await intake.said(RequestDetailsRecorded)) == 1


@pytest.mark.clause("SVT-16")
async def test_a_mail_that_a_person_turns_into_a_request_brings_its_configuration(intake: House) -> None:
    mail = a_mail("no prefix")
    mail.add_attachment("hostname router-1", filename="設定ファイル.txt")
    await intake.taken(mail)
    intake.living.clock.advance(timedelta(hours=1))
    async with Caller(intake.living.app) as desk:
        [waiting] = (await desk.get("/v1/unmatched-mail")).json()["items"]
        chosen = {"customer_id": "customer-1", "contact_id": "contact-1", "plan_family": "iij-se"}
        assert (await desk.post(f"/v1/unmatched-mail/{waiting['mail_id']}/ticket", json=chosen)).status_code == 201
    [opened_later] = await intake.said(TicketOpened)
    assert opened_later.details == RequestDetails(config_file_at=NOW)


async def test_details_of_a_request_that_ended_or_is_somebody_elses_are_not_taken(intake: House) -> None:
    async with Caller(intake.living.app) as desk:
        path = await opened(desk, {})
        for caller in (Caller(intake.living.app, customers=["customer-2"]), Caller(intake.living.app, "other")):
            async with caller as other:
                assert (await other.post(f"{path}/details", json={"keep_part": True})).status_code == 404
        await desk.post(f"{path}/close", json={})
        ended = await desk.post(f"{path}/details", json={"keep_part": True})
        assert (ended.status_code, ended.json()["errors"][0]["code"]) == (409, "ticket_ended")
