"""A read model carries a personal value as ciphertext that opens only with what the event bound it to."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from kippu_events.catalogue.entitlement import ContactAdded
from kippu_events.envelope import Envelope, Metadata, slot_of
from kippu_events.event import encode
from kippu_events.personal import carry
from kippu_privacy import Associated, Plain
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault

NOON = datetime(2026, 4, 1, 5, tzinfo=UTC)


async def recorded(vault: Vault) -> Envelope:
    event_id, subject = uuid4(), "contact-iij-contact-1"
    name, mail = await vault.seal(
        (Plain(subject, text), Associated(str(event_id), ContactAdded.type, "iij", field))
        for field, text in (("name", "Contact One"), ("mail", "contact-1@one.example"))
    )
    event = ContactAdded(
        occurred_at=NOON, customer_id="customer-1", contact_id="contact-1", name=name, mail=mail, language="en"
    )
    return Envelope(
        log="entitlement", epoch=uuid4(), position=1, stream=subject, version=1, slot=slot_of(subject), slot_seq=1,
        id=event_id, type=ContactAdded.type, provider="iij", recorded_at=NOON,
        metadata_bytes=Metadata("test", "test").to_bytes(), data=encode(event), sum=b"",
    )  # fmt: skip


async def test_what_a_read_model_carries_opens_again() -> None:
    vault = Vault(MemoryKeyring())
    envelope = await recorded(vault)
    carried = [carry(envelope, "name"), carry(envelope, "mail"), carry(envelope, "telephone")]
    assert carried[2] is None  # the contact has none
    assert "Contact One" not in "".join(text or "" for text in carried)
    assert await vault.open_carried(carried) == ["Contact One", "contact-1@one.example", None]


async def test_only_a_personal_field_is_carried() -> None:
    envelope = await recorded(Vault(MemoryKeyring()))
    with pytest.raises(LookupError, match="language"):
        carry(envelope, "language")
