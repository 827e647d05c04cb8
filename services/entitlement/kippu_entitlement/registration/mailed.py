"""Sheets of registrations that contacts mail (SVT-08), as intake hands them over: read as an upload is, and answered.

Nobody has looked into the file before; the reader of uploads takes it for what it is, a stranger's.
"""

import asyncio
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from kippu_events.catalogue.contracts import SheetImported, SheetRefused
from kippu_events.catalogue.intake import SheetMailed
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.personal import carry
from kippu_events.work import Stream, Work
from kippu_privacy import Plain
from kippu_privacy.vault import Vault
from kippu_terms.refusal import Refused

from kippu_entitlement import folds
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.checks import not_found
from kippu_entitlement.domain.sheet import Sheet
from kippu_entitlement.registration.importing import import_rows, reading_of
from kippu_entitlement.registration.report import found, report


class ImportSheets(Reactor):
    """Registers every row of a mailed sheet, or nothing, with a report to its sender."""

    name = "import-sheets"
    logs = ("intake",)

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def reactions(self) -> Sequence[On]:
        return (On(SheetMailed, self.mailed),)

    async def mailed(self, envelope: Envelope, mailed: SheetMailed, work: Work) -> None:
        sealed = [carry(envelope, name) for name in ("subject", "file_name", "content")]
        subject, file_name, content = await self._vault.open_carried(sealed)
        if subject is None or file_name is None or content is None or (await _stream(work, envelope)).state.is_read:
            return  # its sender was erased, and with them what they sent; or it was read before

        def theirs(customer_id: str) -> None:
            if customer_id != mailed.customer_id:
                raise not_found("such contract")

        sealed_for = streams.contact(envelope.provider, mailed.contact_id)
        about: dict[str, Any] = {
            "occurred_at": work.now,
            "subject": Plain(sealed_for, subject),
            "file_name": Plain(sealed_for, file_name),
            **{name: getattr(mailed, name) for name in _KEPT},
        }
        try:
            reading = await asyncio.to_thread(reading_of, b64decode(content))
            done = await import_rows(work, envelope.provider, reading, theirs)
        except Refused as refused:
            work.discard()
            told: dict[str, Any] = {
                "faults": len(refused.faults),
                "codes": tuple(sorted({each.code for each in refused.faults})),
                "report": Plain(sealed_for, report(refused.faults, mailed.language)),
                "found": found(refused.faults),
            }
            work.record(await _stream(work, envelope), SheetRefused(**about, **told))
        else:
            counts = {"registered": done.registered, "already_registered": done.already_registered}
            work.record(await _stream(work, envelope), SheetImported(**about, **counts))


_KEPT = ("sheet_id", "customer_id", "contact_id", "language", "clause")


async def _stream(work: Work, envelope: Envelope) -> Stream[Sheet]:
    mailed: Any = envelope.event
    return await work.load(folds.SHEET, envelope.provider, streams.sheet(envelope.provider, mailed.sheet_id))
