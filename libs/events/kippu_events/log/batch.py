"""A batch of appends as the rows that `log.append` takes, and its answer as an outcome for each of them."""

from collections.abc import Sequence
from typing import Any

from kippu_events.envelope import slot_of
from kippu_events.log import Append, Appended, CommandReused, Conflict, Expected, MarkMoved, Recorded

Row = tuple[Any, ...]


def arguments(appends: Sequence[Append]) -> list[list[Row]]:
    """The arguments of `log.append`: commands, marks, parts and events, each a row of the type it is named after."""
    commands: list[Row] = []
    marks: list[Row] = []
    parts: list[Row] = []
    events: list[Row] = []
    for number, append in enumerate(appends, start=1):
        first_part = len(parts) + 1
        for part in append.streams:
            fold_version, state = (part.state.fold_version, part.state.state) if part.state else (None, None)
            parts.append((number, part.stream, slot_of(part.stream), int(part.expected), fold_version, state))
            for event in part.events:
                events.append(
                    (
                        len(parts),
                        part.stream,
                        event.id,
                        event.type,
                        event.provider,
                        event.metadata,
                        event.data,
                        event.sum,
                    )
                )
        commands.append((append.command_id, append.command_hash, append.result, append.now, first_part, len(parts)))
        if (move := append.mark) is not None:
            marks.append((number, move.consumer, move.log, move.slot, move.expected, move.slot_seq))
    return [commands, marks, parts, events]


def outcomes(appends: Sequence[Append], answer: Any) -> list[Appended | Exception | None]:
    """What became of each append: recorded, refused, or None where the command was recorded before: look it up."""
    versions, positions, slot_seqs = answer["versions"] or [], answer["positions"], answer["slot_seqs"]
    came: list[Appended | Exception | None] = []
    part_no = 0
    for append, outcome in zip(appends, answer["outcomes"], strict=True):
        if outcome == "recorded":
            recorded = tuple(
                [
                    Recorded(part.stream, versions[number], positions[number], slot_of(part.stream), slot_seqs[number])
                    for number, part in enumerate(append.streams, start=part_no)
                ]
            )
            came.append(Appended(False, append.result, recorded))
        else:
            came.append(_refusal(append, outcome, versions[part_no : part_no + len(append.streams)]))
        part_no += len(append.streams)
    return came


def _refusal(append: Append, outcome: str, versions: Sequence[int]) -> Exception | None:
    match outcome:
        case "repeated":
            return None
        case "reused":
            return CommandReused(f"command {append.command_id} was used before with other content")
        case "conflict":
            return next(
                Conflict(part.stream, part.expected, version)
                for part, version in zip(append.streams, versions, strict=True)
                if part.expected not in (Expected.ANY, version)
            )
        case "moved":
            return MarkMoved(f"command {append.command_id}: another has moved the mark, it is not at {append.mark}")
        case _:
            raise AssertionError(f"log.append answered {outcome!r}")
