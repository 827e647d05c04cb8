"""A batch of appends as the arrays that `log.append` takes, and its answer as an outcome for each of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kippu_events.envelope import slot_of
from kippu_events.log import Append, Appended, CommandReused, Conflict, Expected, MarkMoved, Recorded


def arguments(appends: Sequence[Append]) -> list[Any]:
    """The arguments of `log.append`, in the order of its definition."""
    return [*_commands(appends), *_marks(appends), *_parts(appends), *_events(appends)]


def _commands(appends: Sequence[Append]) -> list[list[Any]]:
    ids: list[str] = []
    hashes: list[bytes] = []
    results: list[bytes] = []
    nows: list[datetime] = []
    first_parts: list[int] = []
    last_parts: list[int] = []
    part = 0
    for append in appends:
        ids.append(append.command_id)
        hashes.append(append.command_hash)
        results.append(append.result)
        nows.append(append.now)
        first_parts.append(part + 1)
        part += len(append.streams)
        last_parts.append(part)
    return [ids, hashes, results, nows, first_parts, last_parts]


def _marks(appends: Sequence[Append]) -> list[list[Any]]:
    moves = [(number, append.mark) for number, append in enumerate(appends, start=1) if append.mark is not None]
    return [
        [number for number, _ in moves],
        [move.consumer for _, move in moves],
        [move.log for _, move in moves],
        [move.slot for _, move in moves],
        [move.expected for _, move in moves],
        [move.slot_seq for _, move in moves],
    ]


def _parts(appends: Sequence[Append]) -> list[list[Any]]:
    parts = [(number, part) for number, append in enumerate(appends, start=1) for part in append.streams]
    return [
        [number for number, _ in parts],
        [part.stream for _, part in parts],
        [slot_of(part.stream) for _, part in parts],
        [int(part.expected) for _, part in parts],
        [part.state.fold_version if part.state else None for _, part in parts],
        [part.state.state if part.state else None for _, part in parts],
    ]


def _events(appends: Sequence[Append]) -> list[list[Any]]:
    parts = enumerate((part for append in appends for part in append.streams), start=1)
    events = [(number, part.stream, event) for number, part in parts for event in part.events]
    return [
        [number for number, _, _ in events],
        [stream for _, stream, _ in events],
        [event.id for _, _, event in events],
        [event.type for _, _, event in events],
        [event.provider for _, _, event in events],
        [event.metadata for _, _, event in events],
        [event.data for _, _, event in events],
        [event.sum for _, _, event in events],
    ]


def outcomes(appends: Sequence[Append], answer: Any) -> list[Appended | Exception | None]:
    """What became of each append: recorded, refused, or None where the command was recorded before: look it up."""
    came: list[Appended | Exception | None] = []
    part = 0
    for append, outcome in zip(appends, answer["outcomes"], strict=True):
        last = part + len(append.streams)
        if outcome == "recorded":
            came.append(Appended(False, append.result, _recorded(append, answer, part)))
        else:
            came.append(_refusal(append, outcome, (answer["versions"] or [])[part:last]))
        part = last
    return came


def _recorded(append: Append, answer: Any, first: int) -> tuple[Recorded, ...]:
    versions, positions, slot_seqs = answer["versions"], answer["positions"], answer["slot_seqs"]
    return tuple(
        [
            Recorded(part.stream, versions[number], positions[number], slot_of(part.stream), slot_seqs[number])
            for number, part in enumerate(append.streams, start=first)
        ]
    )


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
