"""How a projector copies a personal value: as ciphertext, with what it is bound to."""

from kippu_privacy import Sealed
from kippu_privacy.carried import pack

from kippu_events.envelope import Envelope


def carry(envelope: Envelope, field: str) -> str | None:
    """The event's personal field as one text for a column of a read model; None if the event has none.

    `Vault.open_carried` opens it again. Raises LookupError for a field that is not personal.
    """
    event = envelope.event
    if field not in event.personal_fields:
        raise LookupError(f"{event.type} has no personal field {field}")
    value = getattr(event, field)
    return pack(value, envelope.associated(field)) if isinstance(value, Sealed) else None
