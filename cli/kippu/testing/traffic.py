"""Traffic on a town: customers ask, engineers work, mails come in, and whoever gets no answer asks again.

What was acknowledged is kept, so that it can be held against what the logs and the read models say in the end.
"""

import asyncio
import random
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiosmtplib
import httpx
import orjson

from kippu.testing.town import CUSTOMERS, PROVIDER, UNITS_PROVIDER, Town

FAMILY = "iij-se"
MINUTES = (35, 50)
"""Work on each request: 85 minutes are two started hours, so two prepaid tickets (IIJ-07)."""
UNITS = 2
UNITS_FAMILY = "qnp"
UNIT_MODEL = "NAS 4-bay"
PATIENCE_SECONDS = 240.0
"""How long a client goes on asking for an answer."""

LISTS = {
    "intake": "/v1/tickets",
    "entitlement": "/v1/wallets/customer-1.iij-se/statement",
    "dispatch": "/v1/shipments",
    "billing": "/v1/invoices",
}
"""What is looked at in each service all the while."""

LAST_WORDS = 8000
"""So many characters of what a service wrote are shown when it answers what it should not."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A command that was answered: it is durable, and has one effect however often it is sent."""

    provider: str
    service: str
    path: str
    key: str
    body: Mapping[str, Any]
    answer: bytes


@dataclass(slots=True)
class Ledger:
    """What a town has acknowledged to anybody since it was founded."""

    tickets: dict[str, list[int]] = field(default_factory=dict)
    """The minutes acknowledged for each request, by its number."""
    exchanges: dict[str, str] = field(default_factory=dict)
    """The serial of the unit that was delivered for each request to exchange one, by its number."""
    mails: list[bytes] = field(default_factory=list)

    def add(self, traffic: "Traffic") -> None:
        self.tickets |= traffic.tickets
        self.exchanges |= traffic.exchanges
        self.mails += traffic.mails


@dataclass(slots=True)
class Traffic:
    """Clients that keep a town busy, and what they were told."""

    town: Town
    run: str
    """Makes the keys of this traffic its own."""
    chance: random.Random
    http: httpx.AsyncClient
    tokens: Mapping[str, str]
    """For each provider's own people."""
    commands: list[Acknowledged] = field(default_factory=list)
    tickets: dict[str, list[int]] = field(default_factory=dict)
    """The minutes acknowledged for each request, by its number."""
    exchanges: dict[str, str] = field(default_factory=dict)
    """The serial of the unit that was delivered for each request to exchange one, by its number."""
    mails: list[bytes] = field(default_factory=list)
    unanswered: int = 0
    """How often a client got no answer, and asked again."""
    shown: int = 0
    """How often a list was."""
    _stopping: bool = False
    _keys: int = 0
    _letters: int = 0
    _units: int = 0

    async def post(self, service: str, path: str, body: Mapping[str, Any], provider: str = PROVIDER) -> Any:
        """Sends a command until it is answered. Refusals fail the test: everything here is in order."""
        self._keys += 1
        key = f"{self.run}-{self._keys}"
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                answer = await self.send(service, path, key, body, provider)
                if answer.status_code in (200, 201):
                    self.commands.append(Acknowledged(provider, service, path, key, body, answer.content))
                    return orjson.loads(answer.content)
                self._refused_for_now(service, path, answer)
            self.unanswered += 1
            await asyncio.sleep(0.1)
        raise AssertionError(f"{service}{path} was not answered within {PATIENCE_SECONDS:.0f} s")

    def _refused_for_now(self, service: str, path: str, answer: httpx.Response) -> None:
        """Any other word than "not now" is wrong: what is asked here is in order."""
        if answer.status_code != 503:
            said = self.town.services[service].said[-LAST_WORDS:]
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}\n{said}")

    async def send(
        self, service: str, path: str, key: str, body: Mapping[str, Any], provider: str = PROVIDER
    ) -> httpx.Response:
        return await self.http.post(
            self.town.addresses[service] + path,
            content=orjson.dumps(body),
            headers={
                "Authorization": f"Bearer {self.tokens[provider]}",
                "Idempotency-Key": key,
                "Content-Type": "application/json",
            },
        )

    async def open_ticket(self, customer: str, contact: str) -> str:
        """A request, received some hours ago; answers its number."""
        wanted = {
            "customer_id": customer,
            "contact_id": contact,
            "plan_family": FAMILY,
            "subject": "Link is down",
            "text": "No light on port 4 since this morning.",
            "category": "fault",
            "asset_serial": f"SN-{customer}",
            "received_at": (datetime.now(UTC) - timedelta(hours=3)).isoformat(),
        }
        number = str((await self.post("intake", "/v1/tickets", wanted))["ticket_no"])
        self.tickets[number] = []
        return number

    async def ask(self, customer: str, contact: str) -> None:
        """A request with its work, from the first letter to the last minute."""
        await self.work(await self.open_ticket(customer, contact))

    async def work(self, number: str) -> None:
        """All the work that a request takes."""
        for minutes in MINUTES:
            started = datetime.now(UTC) - timedelta(minutes=minutes)
            body = {"kind": "isolation", "started_at": started.isoformat(), "minutes": minutes}
            await self.post("intake", f"/v1/tickets/{number}/work", body)
            self.tickets[number].append(minutes)

    async def exchange(self, customer: str, contact: str) -> None:
        """A unit under advance send-back fails: once that is isolated, another one is shipped and delivered for it."""
        self._units += 1
        number = f"{zlib.crc32(self.run.encode()):08X}-{self._units}"
        failed, spare = f"NAS-{number}", f"SPARE-{number}"
        await self.post("entitlement", "/v1/assets", _unit(customer, failed), UNITS_PROVIDER)
        wanted = {
            "customer_id": customer,
            "contact_id": contact,
            "plan_family": UNITS_FAMILY,
            "subject": "Fan is loud",
            "text": "It has been whining since this morning.",
            "category": "fault",
            "asset_serial": failed,
        }
        ticket_no = str((await self.post("intake", "/v1/tickets", wanted, UNITS_PROVIDER))["ticket_no"])
        self.exchanges[ticket_no] = spare
        isolated = {"asset_serial": failed, "isolated_at": _now()}
        await self.post("intake", f"/v1/tickets/{ticket_no}/isolation", isolated, UNITS_PROVIDER)
        await self.post("dispatch", "/v1/units", {"serial": spare, "model": UNIT_MODEL}, UNITS_PROVIDER)
        path = f"/v1/shipments/{await self._planned(ticket_no)}"
        await self.post("dispatch", f"{path}/reserve", {"serial": spare}, UNITS_PROVIDER)
        await self.post("dispatch", f"{path}/shipped", {"shipped_at": _now()}, UNITS_PROVIDER)
        await self.post("dispatch", f"{path}/delivered", {"delivered_at": _now()}, UNITS_PROVIDER)

    async def _planned(self, ticket_no: str) -> str:
        """The id of the shipment for a request; looks until it is there."""
        address = f"{self.town.addresses['dispatch']}/v1/shipments?ticket_no={ticket_no}"
        headers = {"Authorization": f"Bearer {self.tokens[UNITS_PROVIDER]}"}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with suppress(httpx.TransportError):
                    answer = await self.http.get(address, headers=headers)
                    if answer.status_code != 200:
                        self._refused_for_now("dispatch", address, answer)
                    elif found := answer.json()["items"]:
                        return str(found[0]["shipment_id"])
                await asyncio.sleep(0.1)

    async def write(self, customer: str, contact: str) -> None:
        """A mail that opens a request, sent until it is taken. Whoever does not take it must not refuse it for good."""
        self._letters += 1
        raw = (
            f"From: {contact}@{customer}.example\r\nTo: support@iij.example\r\nSubject: [ticket] Slow line\r\n"
            f"Message-ID: <{self.run}-{self._letters}@{customer}.example>\r\n\r\nIt is slow.\r\n"
        ).encode()
        settings = self.town.settings
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                smtp = aiosmtplib.SMTP(hostname=settings.smtp_host, port=settings.smtp_port, start_tls=False)
                async with smtp:
                    await smtp.sendmail(f"{contact}@{customer}.example", ["support@iij.example"], raw)
                self.mails.append(raw)
                return
            except aiosmtplib.SMTPRecipientsRefused:
                raise
            except aiosmtplib.SMTPResponseException as reply:
                assert 400 <= reply.code < 500, reply
            except (aiosmtplib.SMTPException, OSError):
                pass
            self.unanswered += 1
            await asyncio.sleep(0.1)
        raise AssertionError("a mail was not taken")

    async def keep_asking(self, customer: str, contact: str) -> None:
        while not self._stopping:
            await self.ask(customer, contact)
            await asyncio.sleep(self.chance.uniform(0.05, 0.15))

    async def keep_exchanging(self, customer: str, contact: str) -> None:
        while not self._stopping:
            await self.exchange(customer, contact)
            await asyncio.sleep(self.chance.uniform(0.1, 0.3))

    async def keep_writing(self, customer: str, contact: str) -> None:
        while not self._stopping:
            await self.write(customer, contact)
            await asyncio.sleep(self.chance.uniform(0.1, 0.3))

    async def keep_looking(self) -> None:
        """At all lists in turn: each is shown, or not now, and never anything else."""
        while not self._stopping:
            for service, path in LISTS.items():
                with suppress(httpx.TransportError):
                    answer = await self.http.get(self.town.addresses[service] + path)
                    if answer.status_code == 200:
                        self.shown += 1
                    else:
                        self._refused_for_now(service, path, answer)
                await asyncio.sleep(self.chance.uniform(0.02, 0.1))

    async def served(self) -> None:
        """Returns once clients have been told that more was done, and shown more; fails if a service has ended."""
        done, shown = len(self.commands), self.shown
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.commands) < done + 5 or self.shown < shown + 5:
                await asyncio.sleep(0.05)
                for service in self.town.services.values():
                    assert service.runs, service.said

    def stop(self) -> None:
        """Everybody finishes what they began, and begins nothing more."""
        self._stopping = True


@asynccontextmanager
async def clients(town: Town, run: str) -> AsyncIterator[Traffic]:
    tokens = {provider: town.token(provider) for provider in (PROVIDER, UNITS_PROVIDER)}
    headers = {"Authorization": f"Bearer {tokens[PROVIDER]}"}
    async with httpx.AsyncClient(timeout=20, headers=headers, limits=httpx.Limits(keepalive_expiry=2)) as http:
        # Which way the dice fall is the same each time.
        yield Traffic(town, run, random.Random(run), http, tokens)  # noqa: S311  traffic, not a secret


@asynccontextmanager
async def flowing(traffic: Traffic, mails: bool = True) -> AsyncIterator[Traffic]:
    """Traffic for as long as the block lasts; after it, everything that was begun has been acknowledged."""
    async with asyncio.TaskGroup() as group:
        for number, customer in enumerate(CUSTOMERS, 1):
            group.create_task(traffic.keep_asking(customer, f"contact-{number}"))
        group.create_task(traffic.keep_exchanging(CUSTOMERS[0], "contact-1"))
        group.create_task(traffic.keep_looking())
        if mails:
            group.create_task(traffic.keep_writing(CUSTOMERS[0], "contact-1"))
        try:
            yield traffic
        finally:
            traffic.stop()


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _unit(customer: str, serial: str) -> dict[str, Any]:
    """A unit of this customer's, under advance send-back."""
    today = datetime.now(UTC).date()
    since, until = (today - timedelta(days=100)).isoformat(), (today + timedelta(days=200)).isoformat()
    contract = {
        "contract_id": f"C-{serial}",
        "product": "advance-send-back",
        "valid_from": since,
        "valid_until": until,
    }
    return {
        "customer_id": customer,
        "serial": serial,
        "kind": "equipment",
        "model": UNIT_MODEL,
        "plan_family": UNITS_FAMILY,
        "bought_from_provider": True,
        "bought_on": since,
        "warranty_until": until,
        "installed_by": "provider",
        "area": "tokyo",
        "contracts": [contract],
    }
