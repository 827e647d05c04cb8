"""Sheets of registrations that contacts mailed, and what came of each."""

from typing import Any

from kippu_events.catalogue import contracts, intake
from kippu_events.envelope import Envelope
from kippu_events.personal import carry

from kippu_console.readmodels.rows import RowEach


class Sheets(RowEach):
    """One row a sheet: the mail's stream says who sent it, the sheet's own what was registered or what is wrong."""

    name = "sheets"
    version = 2
    logs = ("intake", "entitlement")
    tables = ("sheet",)
    key = "sheet_id"
    subscribes = (intake.SheetMailed, contracts.SheetImported, contracts.SheetRefused)

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        match event:
            case intake.SheetMailed():
                said = {name: getattr(event, name) for name in ("mail_id", "contact_id", "clause")}
                sealed = {name: carry(envelope, name) for name in ("subject", "file_name")}
                return said | sealed | {"mailed_at": event.occurred_at, "event_id": str(envelope.id)}
            case contracts.SheetImported():
                counts = {"registered": event.registered, "already_registered": event.already_registered}
                return counts | {"status": "imported", "read_at": event.occurred_at}
            case contracts.SheetRefused():
                said = {"faults": event.faults, "codes": event.codes, "report": carry(envelope, "report")}
                found = [each.model_dump() for each in event.found]
                return said | {"found": found, "status": "refused", "read_at": event.occurred_at}
        raise TypeError(f"{event.type} says nothing of a sheet")
