"""Requests by mail and by telephone, and the thread that keeps each together (IIJ-01 to IIJ-03)."""

from email.message import EmailMessage
from importlib.resources import files
from string import Template

from kippu.story.customers import CUSTOMER
from kippu.story.iij.cast import FAMILY, ROUTER, SUPPORT, on
from kippu.story.people import Answer, Unexpected
from kippu.story.stage import Stage
from kippu.story.telling import Telling, text_of

TITLE = "Requests by mail and by telephone, each with its number and its thread"

ROOM = files(__package__) / "mail"


async def play(stage: Stage, telling: Telling) -> None:
    await _request(stage, telling)
    await _reply(stage, telling)
    await _guess(stage, telling)
    await _without_prefix(stage, telling)
    await _telephone(stage, telling)


async def _request(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 16, "10:12"))
    raw = (ROOM / "request.eml").read_bytes()
    telling.step(stage.now, "Contact One", f"writes to {SUPPORT}, in Thai and English, with a PDF attached:")
    telling.quote("Subject: [ticket] เครือข่ายสาขาล่ม / Branch network is down")
    answer = await _answered(stage, raw, "contact-1@customer-1.example", "We have received")
    tickets = await stage.desk.get("intake", "/v1/tickets")
    if len(tickets["items"]) != 1:
        raise Unexpected(f"one ticket should be open, there are {tickets.body}")
    number = tickets["items"][0]["ticket_no"]
    stage.tickets["mail"] = number
    telling.outcome(f"a ticket is opened at once: {number}", clause="IIJ-01")
    telling.link(stage.ticket_page(number))
    telling.check(
        "the mailed request's subject", tickets["items"][0]["subject"].split(" / ")[1], "Branch network is down"
    )
    telling.outcome("its number is mailed back:", clause="IIJ-02")
    telling.mail(answer)
    telling.check("the answer answers the mail", answer["In-Reply-To"], "<request-1@customer-1.example>")
    telling.check("the answer carries the number", number in str(answer["Subject"]), True)
    stage.answers["mail"] = str(answer["Message-ID"])
    shown = await stage.desk.get("intake", f"/v1/tickets/{number}")
    attached = shown["messages"][0]["attachments"]
    telling.check("attached to it", [file["media_type"] for file in attached], ["application/pdf"])
    telling.outcome(f"{attached[0]['file_name']}, {attached[0]['size']:,} bytes, is kept, encrypted; nobody opens it")


async def _reply(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 16, "10:40"))
    telling.step(stage.now, "Contact One", "answers that mail")
    shown = await _sent(stage, "reply.eml", "contact-1@customer-1.example")
    telling.quote(shown["messages"][-1]["text"])
    telling.check("messages in the thread after the reply", len(shown["messages"]), 2)
    telling.outcome("it joins the thread", clause="IIJ-03")


async def _guess(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 16, "11:05"))
    telling.step(stage.now, "Contact Three", "of another organisation writes with that number, which it guessed")
    shown = await _sent(stage, "guess.eml", "contact-3@customer-2.example")
    telling.check("messages in the thread after the guess", len(shown["messages"]), 2)
    inbox = await stage.desk.get("intake", "/v1/unmatched-mail")
    telling.check("the guess is kept as", inbox["items"][-1]["reason"], "foreign_thread")
    for answer in stage.post.arrived():
        telling.mail(answer, in_full=False)
        telling.check("what a stranger is told of the ticket", "Branch network" in text_of(answer), False)
    telling.outcome("it does not join; it waits in the inbox of unmatched mail, and learns nothing", clause="IIJ-03")


async def _without_prefix(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 16, "13:30"))
    telling.step(stage.now, "Contact Two", "writes without the prefix, in Thai:")
    telling.quote("Subject: คำถามเรื่องการตั้งค่า VPN")
    raw = (ROOM / "without-prefix.eml").read_bytes()
    answer = await _answered(stage, raw, "contact-2@customer-1.example", "VPN")
    telling.outcome("no ticket; it is kept for the desk, and the sender is told how to submit one:", clause="IIJ-01")
    telling.mail(answer)
    telling.check("the explanation names the prefix", "[ticket]" in text_of(answer), True)

    await stage.move_to(on(6, 16, "13:45"))
    telling.step(stage.now, "The desk", "turns it into a ticket: a question about the router")
    inbox = await stage.desk.get("intake", "/v1/unmatched-mail")
    [mail] = [each for each in inbox["items"] if each["reason"] == "no_prefix"]
    opened = await stage.desk.post(
        "intake",
        f"/v1/unmatched-mail/{mail['mail_id']}/ticket",
        {
            "customer_id": CUSTOMER,
            "contact_id": "contact-2",
            "plan_family": FAMILY,
            "category": "question",
            "asset_serial": ROUTER,
        },
    )
    stage.tickets["question"] = opened["ticket_no"]
    await stage.settled()
    decided = await stage.desk.get("entitlement", f"/v1/decisions/{opened['ticket_no']}")
    telling.check("the question is", decided["current"]["outcome"], "covered_by_debit")
    telling.outcome(f"{opened['ticket_no']}: covered, by prepaid tickets as work is recorded", clause="IIJ-07")
    stage.post.arrived()


async def _telephone(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 16, "14:05"))
    telling.step(stage.now, "The desk", "enters a call that came in at 14:00")
    opened = await stage.desk.post(
        "intake",
        "/v1/tickets",
        {
            "customer_id": CUSTOMER,
            "contact_id": "contact-1",
            "plan_family": FAMILY,
            "channel": "telephone",
            "subject": "Wi-Fi in the meeting room is slow",
            "received_at": on(6, 16, "14:00").isoformat(),
            "category": "question",
            "asset_serial": ROUTER,
        },
    )
    stage.tickets["telephone"] = opened["ticket_no"]
    await stage.settled()
    shown = await stage.desk.get("intake", f"/v1/tickets/{opened['ticket_no']}")
    telling.check("the call counts from", stage.local(shown["received_at"]).strftime("%H:%M"), "14:00")
    telling.outcome(f"{opened['ticket_no']}; it counts from 14:00, when the call came in", clause="IIJ-07")
    stage.post.arrived()


async def _answered(stage: Stage, raw: bytes, sender: str, words: str) -> EmailMessage:
    """Sends a mail, and gives the one that comes back."""
    await stage.post.send(raw, sender, SUPPORT)
    await stage.settled()
    answer = stage.letter(words)
    if str(answer["To"]) != sender:
        raise Unexpected(f"the answer to {sender} went to {answer['To']}")
    return answer


async def _sent(stage: Stage, name: str, sender: str) -> Answer:
    """Sends a mail about the request, and gives the request as it is then."""
    text = Template((ROOM / name).read_text("utf-8"))
    filled = text.substitute(ticket_no=stage.tickets["mail"], answered=stage.answers["mail"])
    await stage.post.send(filled.replace("\n", "\r\n").encode(), sender, SUPPORT)
    await stage.settled()
    return await stage.desk.get("intake", f"/v1/tickets/{stage.tickets['mail']}")
