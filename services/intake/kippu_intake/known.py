"""What intake's edges ask before a decision: whose address this is, what a reply answers, which terms are in force.

These are read models, and may lag; decisions themselves rest on streams. Everything is of one provider, under row-level
security.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from kippu_events.catalogue.intake import MessageAdded
from kippu_privacy import Sealed
from kippu_service.runtime import Runtime
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from kippu_terms.value import Text

_BY_ADDRESS = """
select contact_id, customer_id, language, mail from read.known_contact where address_index = $1 order by contact_id
"""
_CONTACT = "select contact_id, customer_id, language, name, mail from read.known_contact where contact_id = $1"
_SALESPERSON = "select salesperson_name, salesperson_mail from read.known_customer where customer_id = $1"
_ASKING = """
select asked.*
  from unnest($1::text[], $2::text[], $3::text[]) with ordinality as question (provider, contact_id, family, place),
       read.asking(question.provider, question.contact_id, question.family) as asked
 order by question.place
"""
_PLANS = "select source, digest from read.known_plan where family = $1 order by effective_from desc, version desc"
_NEWEST_PLAN = "select source from read.known_plan order by effective_from desc, family limit 1"
_MESSAGES = "select data from read.ticket_event where ticket_no = $1 and type = $2"
_ANSWERED = "select distinct ticket_no from read.ticket_event where event_id = any ($1::uuid[]) order by ticket_no"


_plans_read: dict[str, Plan] = {}
"""Terms by the digest of their text, which is never edited once published: read once, whoever asks."""


class NotKnownYet(LookupError):
    """A read model does not hold it: it lags, or is being rebuilt. Ask again later."""


@dataclass(frozen=True, slots=True)
class Contact:
    contact_id: str
    customer_id: str
    language: str


class Known:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def sender(self, provider: str, address: str) -> Contact | None:
        """The contact who has this address. None for nobody, for somebody erased, and if two customers name it: then
        it is not known for whom it speaks."""
        index = await self._runtime.addresses.of(provider, address)
        async with self._of(provider) as connection:
            rows = await connection.fetch(_BY_ADDRESS, index)
        mails = await self._runtime.vault.open_carried([row["mail"] for row in rows])
        there = [row for row, mail in zip(rows, mails, strict=True) if mail is not None]
        if len({row["customer_id"] for row in there}) != 1:
            return None
        return Contact(there[0]["contact_id"], there[0]["customer_id"], there[0]["language"])

    async def contact(self, provider: str, contact_id: str) -> Contact | None:
        async with self._of(provider) as connection:
            row = await connection.fetchrow(_CONTACT, contact_id)
        return Contact(row["contact_id"], row["customer_id"], row["language"]) if row else None

    async def asking(
        self, provider: str, contact_id: str, family: str, at: datetime
    ) -> tuple[Contact | None, Plan | None]:
        """The contact, and the version of the family's terms that is in force at an instant; in
        one round trip, of all who ask at the same time."""
        row = await self._runtime.together.fetchrow(_ASKING, provider, contact_id, family)
        contact = None if row["contact_id"] is None else Contact(row["contact_id"], row["customer_id"], row["language"])
        plans = [_plans_read[digest] for digest in row["digests"] if digest in _plans_read]
        if len(plans) < len(row["digests"]):
            return contact, await self.plan(provider, family, at)
        return contact, _in_force(plans, at)

    async def plan(self, provider: str, family: str, at: datetime) -> Plan | None:
        """The version of a family's terms that is in force at an instant, by the local date of its own time zone."""
        return _in_force(await self._plans(provider, family), at)

    async def clauses(self, provider: str, family: str, at: datetime) -> Mapping[str, Text]:
        """The clauses of a family with their texts, as they stood at an instant. Those that only an earlier version
        has are among them: a contract keeps the version that it was sold under."""
        versions = [plan for plan in await self._plans(provider, family) if _is_in_force(plan, at)]
        return {clause: text for plan in reversed(versions) for clause, text in plan.clauses.items()}

    async def time_zone(self, provider: str) -> str:
        """The time zone (IANA) of a provider's terms; UTC while there are none."""
        async with self._of(provider) as connection:
            row = await connection.fetchrow(_NEWEST_PLAN)
        return load(row["source"]).time_zone if row else "UTC"

    async def answered_tickets(self, provider: str, event_ids: Iterable[UUID]) -> list[str]:
        """The numbers of the tickets about which these events sent a mail."""
        ids = list(event_ids)
        if not ids:
            return []
        async with self._of(provider) as connection:
            return [row["ticket_no"] for row in await connection.fetch(_ANSWERED, ids)]

    async def recipient(self, provider: str, contact_id: str) -> dict[str, str] | None:
        """A contact's name and address in the clear; None if they were erased. Raises NotKnownYet."""
        async with self._of(provider) as connection:
            row = await connection.fetchrow(_CONTACT, contact_id)
        if row is None:
            raise NotKnownYet(f"contact {contact_id}")
        return await self._opened(row, "name", "mail")

    async def message_text(self, provider: str, ticket_no: str, message_id: str) -> str | None:
        """What a message of a thread says; None if the person was erased. Raises NotKnownYet."""
        async with self._of(provider) as connection:
            rows = await connection.fetch(_MESSAGES, ticket_no, MessageAdded.type)
        events = (MessageAdded.model_validate_json(row["data"]) for row in rows)
        message = next((event for event in events if event.message_id == message_id), None)
        if message is None:
            raise NotKnownYet(f"message {message_id}")
        if message.body is None or not isinstance(message.subject, Sealed):
            return None
        content = await self._runtime.blobs.get(provider, message.subject.subject, message.body.digest)
        return content.decode() if content is not None else None

    async def salesperson(self, provider: str, customer_id: str) -> dict[str, str] | None:
        """The salesperson on a customer's record (IIJ-10), by `salesperson_name` and `salesperson_mail`."""
        async with self._of(provider) as connection:
            row = await connection.fetchrow(_SALESPERSON, customer_id)
        return await self._opened(row, "salesperson_name", "salesperson_mail")

    async def _plans(self, provider: str, family: str) -> list[Plan]:
        """A family's versions, the newest first."""
        async with self._of(provider) as connection:
            rows = await connection.fetch(_PLANS, family)
        _plans_read.update((row["digest"], load(row["source"])) for row in rows)
        return [_plans_read[row["digest"]] for row in rows]

    async def _opened(self, row: asyncpg.Record | None, *columns: str) -> dict[str, str] | None:
        if row is None:
            return None
        texts = await self._runtime.vault.open_carried([row[column] for column in columns])
        if None in texts:
            return None
        return {column: text for column, text in zip(columns, texts, strict=True) if text is not None}

    @asynccontextmanager
    async def _of(self, provider: str) -> AsyncIterator[Any]:
        async with self._runtime.readers.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute(
                "select set_config('kippu.provider', $1, true), set_config('kippu.customers', '*', true)", provider
            )
            yield connection


def _in_force(plans: Iterable[Plan], at: datetime) -> Plan | None:
    """`plans` are a family's versions, the newest first."""
    return next((plan for plan in plans if _is_in_force(plan, at)), None)


def _is_in_force(plan: Plan, at: datetime) -> bool:
    """Since the start of its first day, unless a newer one is."""
    return plan.effective_from <= at.astimezone(plan.zone).date()
