"""How a read model carries a personal value: the ciphertext, and what it is bound to, as one JSON text."""

import orjson

from kippu_privacy.personal import Associated, Sealed


def pack(sealed: Sealed, bound: Associated) -> str:
    """One text for one column of a read model. It reveals nothing without the subject's key."""
    return orjson.dumps(
        {
            "subject": sealed.subject,
            "box": sealed.box,
            "event_id": bound.event_id,
            "event_type": bound.event_type,
            "provider": bound.provider,
            "field": bound.field,
        }
    ).decode()


def unpack(text: str) -> tuple[Sealed, Associated]:
    """What `pack` packed. Raises KeyError or ValueError for anything else."""
    fields = orjson.loads(text)
    return (
        Sealed(subject=fields["subject"], box=fields["box"]),
        Associated(fields["event_id"], fields["event_type"], fields["provider"], fields["field"]),
    )
