"""The stage: the services' addresses, the clock that only the story moves, and when everything has come to rest.

What happens, happens over HTTP and SMTP. Only the clock and the wait for rest look behind the curtain: the story shows
the same figures on any bus because no step begins before the last one's effects have all arrived.
"""

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from kippu_events.ports import VirtualClock
from kippu_service.settings import Settings
from kippu_service.token_maker import demo_secrets

from kippu.compose import House
from kippu.rest import at_rest
from kippu.story.people import Caller, Post, Unexpected

REST_SECONDS = 180.0
"""How long effects may take to arrive before the story gives up: in the first one, everybody joins their groups on
Kafka, and a small machine has all services to start."""


class Stage:
    """Everything a provider's story plays on."""

    def __init__(
        self,
        settings: Settings,
        addresses: Mapping[str, str],
        clock: VirtualClock,
        house: House,
        *,
        provider: str,
        family: str,
        zone: ZoneInfo,
    ) -> None:
        self.settings = settings
        self.addresses = addresses
        self.house = house
        self._clock = clock
        secrets = demo_secrets(settings.clients_path)
        self.family, self.zone = family, zone
        self.desk = Caller(addresses, f"{provider}-desk", secrets[f"{provider}-desk"])
        self.partner = Caller(addresses, f"{provider}-partner", secrets[f"{provider}-partner"])
        self.post = Post(settings.smtp_host, settings.smtp_port, settings.mail_folder)
        self.tickets: dict[str, str] = {}
        """Ticket numbers, by the name that the story gives them."""
        self.answers: dict[str, str] = {}
        """Message-IDs of our answers, likewise."""
        self.lots: dict[str, str] = {}
        """The lots' names in the story, by their ids."""
        self.contracts: dict[str, str] = {}
        """The contracts' ids, by the name that the story gives them."""
        self.payments: list[str] = []

    async def begin(self, starts_at: datetime) -> None:
        """Everybody signs in, at this instant; mails of the story before are nobody's here."""
        await self.move_to(starts_at)
        self.post.arrived()
        await self.desk.sign_in()
        await self.partner.sign_in()

    async def close(self) -> None:
        await self.desk.close()
        await self.partner.close()

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def local(self, instant: str) -> datetime:
        """An instant that a service answered, as a clock at the provider's shows it."""
        return datetime.fromisoformat(instant).astimezone(self.zone)

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
        await at_rest(self.house, self._clock.now, REST_SECONDS)
