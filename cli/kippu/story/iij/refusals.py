"""What the terms do not cover, with the clause that says so (IIJ-05), and what waits for an approval (IIJ-06)."""

from kippu.story.iij.cast import OLD_SWITCH, OWN_FIREWALL, ROUTER, on
from kippu.story.iij.work import balance, record
from kippu.story.people import Unexpected
from kippu.story.requests import answer_approval, ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling, subject_of

TITLE = "What is refused, and what waits for an approval"


async def play(stage: Stage, telling: Telling) -> None:
    stage.post.arrived()
    await stage.move_to(on(6, 17, "13:00"))
    await _refused(stage, telling, "out of warranty", OLD_SWITCH, "whose warranty ended on 31 March")
    await _refused(stage, telling, "own installation", OWN_FIREWALL, "which it installed itself")
    await _preview(stage, telling)
    await _approval(stage, telling)


async def _refused(stage: Stage, telling: Telling, name: str, serial: str, remark: str) -> None:
    telling.step(stage.now, "The partner's portal", f"asks for help with {serial}, {remark}")
    number = await ask(stage, name, f"{serial} fails", "fault", serial)
    current = await decided(stage, telling, name, "refused", "IIJ-05")
    for remedy in current["remedies"]:
        telling.outcome(f"what would change the answer: {remedy['text']['en']}")
    shown = await stage.partner.get("intake", f"/v1/tickets/{number}")
    telling.check(f"{name}: status", shown["status"], "declined")
    letter = stage.letter(number, "cannot be served")
    if "IIJ-05" not in letter.get_content():
        raise Unexpected(f"the mail names no clause: {letter.get_content()}")
    telling.outcome(f"Contact One is told by mail: “{subject_of(letter)}”", clause="IIJ-05")


async def _preview(stage: Stage, telling: Telling) -> None:
    telling.step(
        stage.now, "The partner", f"asks what would have been said of {OLD_SWITCH} in March, without any effect"
    )
    answer = await stage.partner.post(
        "entitlement",
        "/v1/decisions/preview",
        {
            "plan_family": "iij-se",
            "request": {"received_at": on(3, 16).isoformat(), "channel": "portal", "category": "fault"},
            "asset": {
                "serial": OLD_SWITCH,
                "registered": True,
                "kind": "equipment",
                "bought_from_provider": True,
                "warranty_until": "2026-03-31",
                "installed_by": "provider",
            },
        },
        expect=200,
    )
    telling.check("preview for March", answer["outcome"], "covered_by_debit")
    telling.outcome(f"{answer['outcome'].replace('_', ' ')}, under terms {answer['plan']['version']}", clause="IIJ-07")


async def _approval(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 17, "14:00"))
    telling.step(stage.now, "The partner's portal", f"asks for preventive maintenance of {ROUTER}")
    await ask(stage, "preventive", "Yearly check of the router", "preventive_maintenance", ROUTER)
    await decided(stage, telling, "preventive", "waiting", "IIJ-06")
    await stage.move_to(on(6, 17, "15:00"))
    telling.step(stage.now, "An operator", "approves it")
    await answer_approval(stage, "preventive", "grant")
    await decided(stage, telling, "preventive", "covered_by_debit", "IIJ-07")
    await stage.move_to(on(6, 17, "17:00"))
    await record(stage, telling, "preventive", "preventive_maintenance", on(6, 17, "15:30"), 60, "one hour exactly")
    await balance(stage, telling, "after the approved maintenance", 3)
    stage.post.arrived()
