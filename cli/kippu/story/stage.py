"""The stage: the services' addresses, the clock that only the story moves, and when everything has come to rest.

What happens, happens over HTTP and SMTP. Only the clock and the wait for rest look behind the curtain: the story shows
the same figures on any bus because no step begins before the last one's effects have all arrived.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage

from kippu_events.consumer import marks
from kippu_events.ports import VirtualClock
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.settings import Settings
from kippu_service.token_maker import demo_secrets

from kippu.compose import House
from kippu.story.people import Caller, Post, Unexpected
from kippu.story.telling import BANGKOK

REST_SECONDS = 60.0
"""How long effects may take to arrive before the story gives up."""

MARKS = "select slot, slot_seq from bus.mark where consumer = $1 and log = $2"
PARKED = "select count(*) from bus.parked_event"
UNPLANNED = "select position from work.deadline_mark"
UNFIRED = "select count(*) from work.deadline where fired_at is null and due_at <= $1"
UNNOTED = "select position from work.outbox_mark"
UNSENT = "select count(*) from work.outbox where closed_at is null"


class Stage:
    """Everything the story plays on."""

    def __init__(self, settings: Settings, addresses: Mapping[str, str], clock: VirtualClock, house: House) -> None:
        self.settings = settings
        self.addresses = addresses
        self.house = house
        self._clock = clock
        secrets = demo_secrets(settings.clients_path)
        provider = settings.providers[0]
        self.desk = Caller(addresses, f"{provider}-desk", secrets[f"{provider}-desk"])
        self.partner = Caller(addresses, f"{provider}-partner", secrets[f"{provider}-partner"])
        self.post = Post(settings.smtp_host, settings.smtp_port, settings.mail_folder)
        self.tickets: dict[str, str] = {}
        """Ticket numbers, by the name that the story gives them."""
        self.answers: dict[str, str] = {}
        """Message-IDs of our answers, likewise."""
        self.lots: dict[str, str] = {}
        """The lots' names in the story, by their ids."""
        self.payments: list[str] = []

    @property
    def now(self) -> datetime:
        return self._clock.now()

    @staticmethod
    def local(instant: str) -> datetime:
        """An instant that a service answered, as a clock in Bangkok shows it."""
        return datetime.fromisoformat(instant).astimezone(BANGKOK)

    def ticket_page(self, number: str) -> str:
        return f"{self.addresses['console']}/tickets/{number}"

    def letter(self, *words: str) -> EmailMessage:
        """The one mail, of those that have come since, whose subject has all these words. Raises Unexpected."""
        arrived = self.post.arrived()
        found = [mail for mail in arrived if all(word in str(mail["Subject"]) for word in words)]
        if len(found) != 1:
            raise Unexpected(
                f"one mail {words} should have come, there are {[str(mail['Subject']) for mail in arrived]}"
            )
        return found[0]

    async def move_to(self, instant: datetime) -> None:
        """Lets business time pass, and what falls due by then happen."""
        await self.settled()
        self._clock.move_to(instant)
        await self.settled()

    async def settled(self) -> None:
        """Returns when every event has been heard by everybody, every due deadline has fired and every mail is out."""
        try:
            async with asyncio.timeout(REST_SECONDS):
                quiet = 0
                # Twice in a row: what one consumer writes while another is looked at is seen the second time.
                while quiet < 2:
                    restless = await self._restless()
                    quiet = 0 if restless else quiet + 1
                    if restless:
                        await asyncio.sleep(0.02)
        except TimeoutError:
            raise Unexpected(f"after {REST_SECONDS:.0f} s still at work: {await self._restless()}") from None

    async def _restless(self) -> str | None:
        """Who still has something to do."""
        for name, service in self.house.services.items():
            found = await self._restless_in(name, service, self.house.runtimes[name])
            if found:
                return found
        return None

    async def _restless_in(self, name: str, service: Service, runtime: Runtime) -> str | None:
        consumers = [(marks.projector_id(projector.name), projector.logs) for projector in service.projectors]
        consumers += [(marks.reactor_id(reactor.name), reactor.logs) for reactor in service.reactors]
        pool = runtime.writers
        for consumer, logs in consumers:
            for log in logs:
                head = await self.house.logs[log].head()
                done = {row["slot"]: row["slot_seq"] for row in await pool.fetch(MARKS, consumer, log)}
                if any(done.get(slot, 0) < last for slot, last in enumerate(head.slot_seqs)):
                    return f"{consumer} of {name}"
        position = (await runtime.log.head()).position
        if service.deadlines and (await pool.fetchval(UNPLANNED) < position or await pool.fetchval(UNFIRED, self.now)):
            return f"deadlines of {name}"
        if service.outbox and (await pool.fetchval(UNNOTED) < position or await pool.fetchval(UNSENT)):
            return f"outbox of {name}"
        if await pool.fetchval(PARKED):
            raise Unexpected(f"{name} has parked events: kippu parked list")
        return None
