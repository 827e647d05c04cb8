"""SVT-16 through a service ticket that is ordered and registered over HTTP: what came with the report is restored."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from kippu_entitlement.testing.contracts import REGISTRATION_BODY, SERIAL

CONFIGURATION = b"interface vlan 1\n"
FILE = {"file_name": "startup.txt", "content": base64.b64encode(CONFIGURATION).decode()}
FAULT = {"category": "fault", "asset_serial": SERIAL}


async def registered(counter: Any, product: str) -> Any:
    """A counter where a switch has a service ticket for a product, since an hour ago."""
    desk = await counter("svt")
    sold = await desk.order(product)
    await desk.post("entitlement", f"/v1/contracts/{sold['contracts'][0]}/registration", REGISTRATION_BODY)
    await desk.system.settle()
    desk.system.clock.advance(timedelta(hours=1))
    return desk


async def isolated(desk: Any, ticket_no: str) -> None:
    found = {"asset_serial": SERIAL, "isolated_at": desk.system.clock.now().isoformat()}
    await desk.post("intake", f"/v1/tickets/{ticket_no}/isolation", found)
    await desk.system.settle()


async def configuration(desk: Any, ticket_no: str) -> tuple[str, str, str]:
    """The outcome, and what is answered on the configuration by which clause, as the decision that stands has it."""
    decided = await desk.decided(ticket_no)
    [reply] = [each for each in decided["replies"] if each["about"] == "configuration"]
    return decided["outcome"], reply["answer"], reply["clause"]


@pytest.mark.clause("SVT-16", "SVT-06")
async def test_on_site_a_file_counts_that_came_with_the_report(counter: Any) -> None:
    desk = await registered(counter, "onsite-extended-1y")
    with_file = await desk.ask("no light", config_file=FILE, **FAULT)
    without = await desk.ask("no light either", **FAULT)
    for ticket_no, answer in ((with_file, "restored"), (without, "not_restored")):
        await isolated(desk, ticket_no)
        assert await configuration(desk, ticket_no) == ("covered", answer, "SVT-16")
    told = {letter.subject.split("]")[0][1:]: letter.text for letter in await desk.letters("expected")}
    assert "The configuration is restored from the file that came with the report (SVT-16)." in told[with_file]
    assert "The configuration is not restored (SVT-16)." in told[without]

    # A second later is later: the file is on record, and an operator alone lets it count.
    desk.system.clock.advance(timedelta(seconds=1))
    await desk.post("intake", f"/v1/tickets/{without}/attachments", FILE | {"config_file": True})
    await desk.system.settle()
    assert await configuration(desk, without) == ("covered", "not_restored", "SVT-16")
    assert (await desk.decided(without))["facts"]["request"]["config_file_at"] is not None
    await desk.post("intake", f"/v1/tickets/{without}/details", {"config_override": True})
    await desk.system.settle()
    assert await configuration(desk, without) == ("covered", "restored", "SVT-16")


@pytest.mark.clause("SVT-16")
async def test_by_mail_it_is_the_same(counter: Any) -> None:
    desk = await registered(counter, "onsite-basic-1y")
    for in_time in (True, False):
        files = [("switch-1.cfg", CONFIGURATION)]
        await desk.mail("contact-1", f"no light {in_time}", files=files if in_time else [])
        ticket_no = (await desk.get("intake", "/v1/tickets?waiting_for=classification"))["items"][0]["ticket_no"]
        desk.system.clock.advance(timedelta(minutes=1))
        if not in_time:
            await desk.mail("contact-1", f"Re: [{ticket_no}]", "Here it is.", files)
        await desk.post("intake", f"/v1/tickets/{ticket_no}/classification", FAULT)
        await isolated(desk, ticket_no)
        answer = "restored" if in_time else "not_restored"
        assert await configuration(desk, ticket_no) == ("covered", answer, "SVT-16")


@pytest.mark.clause("SVT-16", "SVT-17")
async def test_advance_send_back_restores_none_whatever_comes_with_the_report(counter: Any) -> None:
    desk = await registered(counter, "advance-1y")
    ticket_no = await desk.ask("no light", config_file=FILE, **FAULT)
    await isolated(desk, ticket_no)
    assert await configuration(desk, ticket_no) == ("covered", "not_restored", "SVT-16")


@pytest.mark.clause("SVT-06", "SVT-16", "SVT-19", "SVT-21")
async def test_the_rules_object_in_the_order_of_the_terms_before_the_file_matters(counter: Any) -> None:
    desk = await counter("svt")
    sold = await desk.order("onsite-extended-1y")
    wrong = {"cause": "natural_disaster", "visit_site": "other"}

    async def deciding(details: dict[str, Any]) -> tuple[str, str]:
        decided = await desk.decided(await desk.ask("no light", config_file=FILE, details=details, **FAULT))
        assert [each["clause"] for each in decided["findings"]] == [each.clause for each in desk.plan.coverage.rules]
        return decided["outcome"], decided["deciding_clause"]["id"]

    assert await deciding(wrong) == ("refused", "SVT-06")  # sold, and registered by nobody
    await desk.post("entitlement", f"/v1/contracts/{sold['contracts'][0]}/registration", REGISTRATION_BODY)
    await desk.system.settle()
    desk.system.clock.advance(timedelta(hours=1))
    assert await deciding(wrong) == ("quote", "SVT-19")
    assert await deciding({"visit_site": "other"}) == ("refused", "SVT-21")
    assert await deciding({}) == ("waiting", "SVT-14")  # for the isolation, which is the customer's
