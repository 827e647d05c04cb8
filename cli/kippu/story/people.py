"""Who takes part: clients of the APIs with their tokens, and people who send mail. They know addresses, no more."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from itertools import count
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx

from kippu.story.customers import CUSTOMER
from kippu.trouble import Trouble


class Unexpected(Trouble):
    """The services answered something else than the story says: the demo fails."""

    def __init__(self, what: str) -> None:
        super().__init__(what, where="the story", remedy="mend the service that answered so, or the story")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered."""

    status: int
    body: Any
    raw: bytes
    headers: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Caller:
    """A client of the services: the provider's desk, or a partner. Every write gets an Idempotency-Key of its own."""

    def __init__(self, addresses: Mapping[str, str], client_id: str, secret: str) -> None:
        self.client_id = client_id
        self._addresses = addresses
        self._secret = secret
        # Servers close an idle connection after 5 seconds: it is not used again shortly before.
        self._http = httpx.AsyncClient(timeout=30, limits=httpx.Limits(keepalive_expiry=2))
        self._token = ""
        self._keys = count(1)

    async def sign_in(self) -> None:
        """Client credentials (RFC 6749, 4.4), as any other system would."""
        answer = await self._http.post(
            f"{self._addresses['entitlement']}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(self.client_id, self._secret),
        )
        answer.raise_for_status()
        self._token = answer.json()["access_token"]

    async def post(
        self,
        service: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        expect: int = 201,
    ) -> Answer:
        return await self._write("POST", service, path, body, key, expect)

    async def put(self, service: str, path: str, body: Mapping[str, Any], *, expect: int = 200) -> Answer:
        return await self._write("PUT", service, path, body, None, expect)

    async def upload(self, service: str, path: str, content: bytes, media_type: str, *, expect: int = 200) -> Answer:
        """Sends a file as it is."""
        headers = {"Idempotency-Key": f"{self.client_id}-{next(self._keys)}", "Content-Type": media_type}
        return await self._call("POST", service, path, expect, content=content, headers=headers)

    async def get(self, service: str, path: str, *, expect: int = 200) -> Answer:
        return await self._call("GET", service, path, expect)

    async def _write(
        self, method: str, service: str, path: str, body: Mapping[str, Any] | None, key: str | None, expect: int
    ) -> Answer:
        headers = {"Idempotency-Key": key or f"{self.client_id}-{next(self._keys)}"}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        return await self._call(method, service, path, expect, content=content, headers=headers)

    async def _call(
        self,
        method: str,
        service: str,
        path: str,
        expect: int,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        answer = await self._http.request(
            method,
            self._addresses[service] + path,
            content=content,
            headers={"Authorization": f"Bearer {self._token}", **(headers or {})},
        )
        if answer.status_code != expect:
            raise Unexpected(f"{method} {path} of {service} answered {answer.status_code}: {answer.text[:2000]}")
        is_json = "json" in answer.headers.get("content-type", "")
        return Answer(answer.status_code, answer.json() if is_json else None, answer.content, answer.headers)

    async def close(self) -> None:
        await self._http.aclose()


class Post:
    """The way mail goes: to the listener by SMTP, and back into the mailbox folder."""

    def __init__(self, host: str, port: int, mailbox: Path) -> None:
        self._host, self._port = host, port
        self._mailbox = mailbox
        self._read: set[Path] = set()
        self._written = count(1)

    async def send(self, raw: bytes, sender: str, recipient: str) -> None:
        """Sends the bytes as they are. Returns once the listener has answered that it keeps the mail."""
        async with aiosmtplib.SMTP(hostname=self._host, port=self._port, start_tls=False, use_tls=False) as smtp:
            await smtp.sendmail(sender, [recipient], raw)

    async def write(
        self,
        contact: str,
        recipient: str,
        subject: str,
        text: str,
        files: Mapping[str, tuple[bytes, str]] | None = None,
    ) -> None:
        """Sends a mail of a contact's, with files by their names: the bytes, and their media type."""
        message = EmailMessage(policy=SMTP)
        sender = f"{contact}@{CUSTOMER}.example"
        message["From"], message["To"], message["Subject"] = sender, recipient, subject
        message["Message-ID"] = f"<{next(self._written)}.{recipient.partition('@')[2]}@{CUSTOMER}.example>"
        message.set_content(text)
        for name, (content, media_type) in (files or {}).items():
            kind, _, subtype = media_type.partition("/")
            message.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
        await self.send(message.as_bytes(), sender, recipient)

    def arrived(self) -> list[EmailMessage]:
        """The mails that have come since this was asked last, in the order of their Message-IDs."""
        new = sorted(path for path in self._mailbox.glob("*.eml") if path not in self._read)
        self._read.update(new)
        parser = BytesParser(policy=default)
        messages = [parser.parsebytes(path.read_bytes()) for path in new]
        return [message for message in messages if isinstance(message, EmailMessage)]
