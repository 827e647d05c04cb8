"""What every adapter checks: an append before it is taken, events after they were read."""

from collections.abc import Iterable, Sequence

from kippu_events.envelope import MAX_EVENT_BYTES, SLOTS, Envelope, sum_of
from kippu_events.log import Append, EventTooLarge, Expected, LogCorrupt, StreamAppend


def check(append: Append) -> None:
    """Raises EventTooLarge, or ValueError for an append that no log may take.

    A wrong sum could never be read again, nor be put right in a log that does not change: so it is refused here.
    """
    names = [part.stream for part in append.streams]
    if len(set(names)) != len(names):
        raise ValueError(f"command {append.command_id}: a stream occurs twice in one append")
    if append.now.tzinfo is None:
        raise ValueError(f"command {append.command_id}: `now` has no time zone")
    for part in append.streams:
        _check_part(part)
    move = append.mark
    if move and not (0 <= move.slot < SLOTS and 0 <= move.expected < move.slot_seq):
        raise ValueError(f"command {append.command_id}: a mark moves forward, within {SLOTS} slots: {move}")


def _check_part(part: StreamAppend) -> None:
    if not part.stream or not part.events:
        raise ValueError("an append to a stream names it and carries an event or more")
    if part.expected < Expected.ANY:
        raise ValueError(f"stream {part.stream}: no stream is ever at version {part.expected}")
    if part.state is not None and part.expected == Expected.ANY:
        raise ValueError(f"stream {part.stream}: a state can only be saved with an exact version")
    for event in part.events:
        size = len(event.data) + len(event.metadata)
        if size > MAX_EVENT_BYTES:
            raise EventTooLarge(f"{event.type} on {part.stream}: {size} bytes, more than {MAX_EVENT_BYTES}")
        if sum_of(event.id, event.type, part.stream, event.provider, event.metadata, event.data) != event.sum:
            raise ValueError(f"{event.type} {event.id} on {part.stream}: the sum is not that of its content")


def verify_sums(envelopes: Iterable[Envelope]) -> None:
    """Raises LogCorrupt for an event whose bytes or slot are not those that were summed."""
    for envelope in envelopes:
        if not envelope.is_intact():
            raise LogCorrupt(f"{envelope.log} position {envelope.position}: the event is not what was recorded")


def verify_contiguous(what: str, numbers: Sequence[int], after: int) -> None:
    """Raises LogCorrupt unless the numbers are after + 1, after + 2 and so on."""
    for expected, number in enumerate(numbers, start=after + 1):
        if number != expected:
            raise LogCorrupt(f"{what}: after {expected - 1} comes {number}, not {expected}")
