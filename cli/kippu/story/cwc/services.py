"""Services that take a choice (CWC-24) or cannot be given (CWC-25), and those who get none (CWC-18, CWC-20)."""

from kippu.story.customers import customer_body
from kippu.story.cwc.appointments import BOOKINGS
from kippu.story.cwc.cast import on
from kippu.story.cwc.members import balance
from kippu.story.orders import told
from kippu.story.requests import answer_approval, ask, decided, state
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "A choice that costs, a machine that cannot be reached, and a competitor"

OTHER = "customer-2"


async def play(stage: Stage, telling: Telling) -> None:
    await _list(stage, telling)
    await _hindered(stage, telling)
    await _not_for_everybody(stage, telling)


async def _list(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(12, 11, "10:00"))
    telling.step(stage.now, "The partner's portal", "asks for SSL on a server in use")
    name = "SSL on a server in use"
    number = await ask(stage, name, "Set up SSL", "technical_service", None, topic="ssl_on_server_in_use")
    current = await decided(stage, telling, name, "waiting", "CWC-24")
    telling.outcome(f"what would change the answer: {current['remedies'][0]['text']['en']}")
    stage.post.arrived()
    telling.step(stage.now, "The customer", "would keep the list of registered PCs")
    await state(stage, name, keep_list=True)
    await decided(stage, telling, name, "quote", "CWC-24")
    telling.mail(stage.letter(number, "A quote"))
    telling.step(stage.now, "The customer", "finds that too much, and lets the list be reset")
    await state(stage, name, keep_list=False)
    await decided(stage, telling, name, "covered_by_debit", "CWC-22")
    await balance(stage, telling, "before any work on SSL", 3)


async def _hindered(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(12, 11, "11:00"))
    telling.step(stage.now, "The partner's portal", "asks for technical support")
    name = "security software"
    await ask(stage, name, "Connections break off", "technical_support", None)
    await decided(stage, telling, name, "covered_by_debit", "CWC-22")
    telling.step(stage.now, "The customer", "will not pause its security software, which is suspected of the fault")
    await state(stage, name, security_software="not_paused")
    await decided(stage, telling, name, "waiting", "CWC-25")
    telling.step(stage.now, "An operator", "decides that it cannot be served so")
    await answer_approval(stage, name, "refuse")
    await decided(stage, telling, name, "refused", "CWC-25")
    await balance(stage, telling, "after what could not be done", 3)


async def _not_for_everybody(stage: Stage, telling: Telling) -> None:
    telling.step(stage.now, "The desk", "books SSL for Customer Two, who bought its licence somewhere else")
    contact = ("contact-3", "Contact Three", "en")
    other = customer_body("cwc", "JP", contact, customer_id=OTHER, name="Customer Two")
    await stage.desk.post("entitlement", "/v1/customers", other)
    wanted = {
        "customer_id": OTHER,
        "plan_family": stage.family,
        "contact_id": "contact-3",
        "product": "ssl-setup",
        "starts_at": on(12, 25, "10:00").isoformat(),
    }
    refused = await stage.desk.post("entitlement", BOOKINGS, wanted, expect=422)
    told(telling, "a service without a licence", refused, ["CWC-18"])
    telling.step(stage.now, "Sales", "finds that Customer Two sells the same, and marks it as a competitor")
    await stage.desk.post("entitlement", f"/v1/customers/{OTHER}/competitor", {"competitor": True}, expect=200)
    refused = await stage.desk.post("entitlement", BOOKINGS, wanted, expect=422)
    told(telling, "a service for a competitor", refused, ["CWC-18", "CWC-20"])
