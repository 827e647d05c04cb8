"""What a consumer subscribes to: which event types it takes, skips, or must not go past."""

from collections.abc import Iterable

from kippu_events.event import Event, UnknownEventVersion, newest_type


class Interest:
    """The types that a consumer takes: those it subscribes to, and old versions that are upcast to them."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self._types = {event.type for event in events}
        self._families = {family(name) for name in self._types}
        self._known: dict[str, bool] = {}

    def takes(self, type_name: str) -> bool:
        """Raises UnknownEventVersion for a version of a subscribed type that leads to none that is subscribed to.

        Passing over it would lose what it says, and it is no poison either: the consumer must be updated first.
        """
        known = self._known.get(type_name)
        if known is None:
            known = self._known[type_name] = self._look_up(type_name)
        return known

    def _look_up(self, type_name: str) -> bool:
        if family(type_name) not in self._families:
            return False
        if newest_type(type_name) not in self._types:
            raise UnknownEventVersion(f"{type_name}: subscribed to is {', '.join(sorted(self._types))}")
        return True


def family(type_name: str) -> str:
    """`kippu.intake.TicketOpened` for `kippu.intake.TicketOpened.v1`."""
    return type_name.rpartition(".")[0]
