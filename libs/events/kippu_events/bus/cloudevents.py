"""An event as a CloudEvents 1.0 message in Kafka's binary content mode: attributes as headers, the value is the data.

The value and the metadata are the bytes that were recorded and summed, so that a consumer checks what the log checked.
Sources: CloudEvents 1.0.2, sections 3.1 and 3.2; Kafka Protocol Binding for CloudEvents 1.0.2, section 3.2.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from kippu_events.envelope import Envelope
from kippu_events.log import LogCorrupt

Headers = list[tuple[str, bytes]]


def headers_of(envelope: Envelope) -> Headers:
    metadata = envelope.metadata
    attributes = {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": f"urn:kippu:{envelope.log}",
        "type": envelope.type,
        "subject": envelope.stream,
        "time": envelope.recorded_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "dataschema": f"urn:kippu:schema:{envelope.type}",
        "streamversion": str(envelope.version),
        "position": str(envelope.position),
        "slot": str(envelope.slot),
        "slotseq": str(envelope.slot_seq),
        "epoch": str(envelope.epoch),
        "provider": envelope.provider,
        "actor": metadata.actor,
        "correlationid": metadata.correlation_id,
        "causationid": metadata.causation_id,
        "traceparent": metadata.traceparent,
    }
    return [
        ("content-type", b"application/json"),
        *[(f"ce_{name}", value.encode()) for name, value in attributes.items() if value is not None],
        ("kippu_metadata", envelope.metadata_bytes),
        ("kippu_sum", envelope.sum),
    ]


def envelope_from(log: str, headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Envelope:
    """The envelope behind a message. Raises LogCorrupt unless it is, byte for byte, an event that was recorded."""
    fields = dict(headers)
    try:
        envelope = Envelope(
            log=log,
            epoch=UUID(fields["ce_epoch"].decode()),
            position=int(fields["ce_position"]),
            stream=fields["ce_subject"].decode(),
            version=int(fields["ce_streamversion"]),
            slot=int(fields["ce_slot"]),
            slot_seq=int(fields["ce_slotseq"]),
            id=UUID(fields["ce_id"].decode()),
            type=fields["ce_type"].decode(),
            provider=fields["ce_provider"].decode(),
            recorded_at=datetime.fromisoformat(fields["ce_time"].decode()),
            metadata_bytes=fields["kippu_metadata"],
            data=value or b"",
            sum=fields["kippu_sum"],
        )
    except (KeyError, ValueError) as error:
        raise LogCorrupt(f"a message of {log} is no event: {error!r}") from error
    if not envelope.is_intact() or fields.get("ce_source") != f"urn:kippu:{log}".encode():
        raise LogCorrupt(f"{log} position {envelope.position}: the message is not the event that was recorded")
    return envelope
