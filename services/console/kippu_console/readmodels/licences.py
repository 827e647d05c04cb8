"""Licences: what a customer holds, until when it is maintained, and whether its member ID works. Never the ID."""

from typing import Any, ClassVar

from kippu_events.catalogue import licences
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_console.readmodels.rows import RowEach


class Licences(RowEach):
    """One row for all licences of a customer under one family of terms, as they run together."""

    name = "licences"
    logs = ("entitlement",)
    tables = ("licence",)
    key = "licence_id"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        licences.LicenceSold,
        licences.LicenceRenewed,
        licences.MemberIdIssued,
        licences.IncidentMemberIssued,
        licences.RenewalNoticed,
        licences.MaintenanceEnded,
    )

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        match event:
            case licences.LicenceSold() | licences.LicenceRenewed():
                held = {name: getattr(event, name) for name in _HELD}
                begun = {"noticed_at": None, "renewal_fee": None, "ended_on": None}
                return held | begun | {"last_bought": getattr(event, "kind", "sold"), "bought_at": event.occurred_at}
            case licences.MemberIdIssued():
                return {"member_issued_at": event.occurred_at, "member_ends_at": event.ends_at}
            case licences.IncidentMemberIssued():
                return {"incident_number_at": event.occurred_at}
            case licences.RenewalNoticed():
                return {"noticed_at": event.occurred_at, "renewal_fee": event.fee}
            case licences.MaintenanceEnded():
                return {"ended_on": event.ended_on}
        raise TypeError(f"{event.type} says nothing of a licence")


_HELD = (
    "plan_family",
    "plan_version",
    "contact_id",
    "quantity",
    "price_paid",
    "full_on",
    "maintained_until",
    "notice_at",
)
