"""One request: what was asked, where it stands, what was decided and why, and what happened to it in all services."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from kippu_events.catalogue.fulfilment import Target

from kippu_console.views import history, money, shipments, targets, visits
from kippu_console.views.facts import Known
from kippu_console.views.look import Look

Events = Sequence[dict[str, Any]]
"""A timeline."""

_ABOUT = ("category", "asset_serial", "topic", "part", "wanted_at", "wanted_minutes")
_INSTANTS = ("wanted_at", "failed_at", "answer_wanted_by", "config_file_at", "isolated_at")


async def ticket(look: Look, ticket_no: str) -> dict[str, Any] | None:
    row = await look.fetchrow("select * from read.board where ticket_no = $1", ticket_no)
    if row is None:
        return None
    timeline = await history.of_ticket(look, ticket_no)
    decisions = [event["data"] for event in timeline if event["name"] == "CoverageDecided"]
    decision = max(decisions, key=lambda data: int(data["decision"]), default=None)
    return {
        "ticket": dict(row),
        "asked": asked_of(timeline),
        "expected": expectation_of(timeline),
        "paused_since": paused_since(timeline),
        "timeline": timeline,
        "visits": await visits.of_ticket(look, ticket_no),
        "shipments": await shipments.of_ticket(look, ticket_no),
        "quotes": await money.of_ticket(look, ticket_no),
        "decision": decision,
        "declined": declined_by_hand(timeline),
        "shortfall": shortfall_of(timeline),
        "deciding": _deciding_text(decision) if decision else None,
    }


def asked_of(timeline: Events) -> list[tuple[str, Any]]:
    """What is known of the request by now: names of RequestFacts, RequestDetails and the isolation, with values."""
    about: dict[str, Any] = {}
    details: dict[str, Any] = {}
    for event in _of_stream(timeline, "ticket-"):
        data = event["data"]
        match event["name"]:
            case "TicketOpened" | "TicketClassified":
                about |= {name: data.get(name) for name in _ABOUT}
            case "FaultIsolated":
                about |= {"isolated_at": data["isolated_at"], "isolated_serial": data["asset_serial"]}
                about |= {"isolated_part": data.get("part")}
        said = data.get("details") or {}
        details |= {name: value for name, value in said.items() if value is not None}
    details.pop("place_id", None)  # names the address, which is not shown
    known = [(name, value) for name, value in (about | details).items() if value is not None]
    return [(name, datetime.fromisoformat(value) if name in _INSTANTS else value) for name, value in known]


def expectation_of(timeline: Events) -> dict[str, Any] | None:
    """What the customer was told last to expect; None if that is nothing."""
    stated = [event["data"] for event in _of_stream(timeline, "ticket-") if event["name"] == "ExpectationStated"]
    if not stated:
        return None
    last = stated[-1]
    expected = {
        "counts_from": datetime.fromisoformat(last["counts_from"]) if last.get("counts_from") else None,
        "targets": [targets.shown(Target.model_validate(each)) for each in last.get("targets", ())],
        "replies": last.get("replies", ()),
    }
    return expected if any(expected.values()) else None


def paused_since(timeline: Events) -> datetime | None:
    """Since when the clocks of the request stand still, as it waits for the customer; None if they run."""
    noted = since = None
    for event in _of_stream(timeline, "case-"):
        match event["name"]:
            case "RequestNoted":
                noted = event["occurred_at"]
            case "CoverageDecided" if event["data"].get("waiting_for") == "customer":
                since = since or noted
            case "CoverageDecided":
                since = None
    return since


def _of_stream(timeline: Events, kind: str) -> Iterable[dict[str, Any]]:
    """Those of one stream, in its order: that of the request, or of its case."""
    return sorted(
        (event for event in timeline if event["stream"].startswith(kind)), key=lambda event: int(event["version"])
    )


def shortfall_of(timeline: Events) -> dict[str, int] | None:
    """What the wallet lacked for a request, as long as any of it is owed."""
    owed: dict[str, int] = {}
    short: dict[str, dict[str, Any]] = {}
    for event in _of_stream(timeline, "case-"):
        data = event["data"]
        match event["name"]:
            case "DebitShortfall":
                owed[data["debit_id"]], short[data["debit_id"]] = data["missing"], data
            case "DebitNoted" if data.get("settles") in owed:
                owed[data["settles"]] -= data["quantity"]
            case "RequestDeclined":
                owed = dict.fromkeys(owed, 0)
            case "CoverageDecided" if data["outcome"] == "covered":
                owed = dict.fromkeys(owed, 0)
    still = [debit_id for debit_id, quantity in owed.items() if quantity > 0]
    if not still:
        return None
    return {"owed": sum(owed.values()), "wanted": sum(short[each]["wanted"] for each in still)}


def declined_by_hand(timeline: Events) -> dict[str, Any] | None:
    """What a person said who declined the request, beside what was decided of it; None once it is open again."""
    declined = None
    for event in _of_stream(timeline, "ticket-"):
        match event["name"]:
            case "TicketDeclined" if event["data"].get("declined_by") in ("dispatcher", "operator"):
                declined = event["data"] | {"declined_by": Known(event["data"]["declined_by"])}
            case "TicketReopened":
                declined = None
    return declined


def _deciding_text(decision: dict[str, Any]) -> dict[str, str] | None:
    clause = decision["deciding_clause"]
    return next((finding["text"] for finding in decision["findings"] if finding["clause"] == clause), None)
