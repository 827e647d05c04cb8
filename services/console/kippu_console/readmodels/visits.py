"""The visits, one row each."""

from typing import Any, ClassVar

from kippu_events.catalogue import dispatch
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_console.readmodels.rows import RowEach


class Visits(RowEach):
    """Where each visit stands."""

    name = "visits"
    version = 4
    logs = ("dispatch",)
    tables = ("visit",)
    key = "visit_id"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        dispatch.VisitRequested,
        dispatch.VisitHeld,
        dispatch.VisitBooked,
        dispatch.VisitPostponed,
        dispatch.VisitDeclined,
        dispatch.VisitCompleted,
        dispatch.VisitWithdrawn,
        dispatch.VisitAssigned,
        dispatch.VisitUnassigned,
    )

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        if isinstance(event, dispatch.VisitAssigned):
            return {"engineer_id": event.engineer_id, "unassigned": False}
        if isinstance(event, dispatch.VisitUnassigned):
            return {"engineer_id": None, "unassigned": True}
        said = {"ticket_no": event.ticket_no, "status": type(event).__name__.removeprefix("Visit").lower()}
        if isinstance(event, dispatch.VisitBooked | dispatch.VisitPostponed):
            said |= {"engineer_id": event.engineer_id, "unassigned": False}
        if isinstance(event, dispatch.VisitRequested) and event.target is not None:
            said["target"] = event.target.model_dump(mode="json")
        for column, names in SOURCES.items():
            value = next((getattr(event, name) for name in names if getattr(event, name, None) is not None), None)
            if value is not None:
                said[column] = value
        return said


SOURCES = {
    "visit_at": ("wanted_at", "starts_at", "to_at"),
    "minutes": ("minutes",),
    "clause": ("clause",),
    "area": ("area",),
    "skill": ("skill",),
}
