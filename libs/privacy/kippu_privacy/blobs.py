"""Blobs: message bodies and attachments, encrypted under their subject's key, named by their ciphertext's SHA-256.

Events refer to a blob by its digest, so what an event points to cannot be exchanged. A blob without an event (its
append failed) is unreachable, and harmless.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from kippu_privacy.box import NotGenuine, close, open_box
from kippu_privacy.vault import Vault

MAX_BLOB_BYTES = 25 * 1024 * 1024
"""The largest content of one blob; the edges refuse larger input before it gets here."""


class BlobTooLarge(ValueError):
    """The content is larger than MAX_BLOB_BYTES."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What an event keeps of a blob: the SHA-256 (hex) of the ciphertext, the size of the content, its media type."""

    digest: str
    size: int
    media_type: str


class BlobStore(Protocol):
    """Where ciphertext lies. It sees no plain content and no keys."""

    async def save(self, provider: str, digest: str, ciphertext: bytes) -> None:
        """Durable when it returns. Saving the same digest again changes nothing."""

    async def load(self, provider: str, digest: str) -> bytes | None:
        """The ciphertext, or None if this provider has none of that digest."""


class Blobs:
    """Encrypted blobs on top of a store."""

    def __init__(self, store: BlobStore, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def put(self, provider: str, subject: str, content: bytes, media_type: str) -> StoredBlob:
        """Encrypts and stores. Raises BlobTooLarge, and KeyErased if the subject was erased."""
        if len(content) > MAX_BLOB_BYTES:
            raise BlobTooLarge(f"{len(content)} bytes; a blob has at most {MAX_BLOB_BYTES}")
        keys = await self._vault.keys_for_writing([(provider, subject)])
        ciphertext = close(keys[provider, subject], content, _associated(provider, subject))
        digest = sha256(ciphertext).hexdigest()
        await self._store.save(provider, digest, ciphertext)
        return StoredBlob(digest, len(content), media_type)

    async def get(self, provider: str, subject: str, digest: str) -> bytes | None:
        """The content, or None if the subject was erased or there is no such blob.

        Raises NotGenuine if the stored bytes are not those that were named, or belong to another subject.
        """
        keys = await self._vault.keys_for_reading([(provider, subject)])
        ciphertext = await self._store.load(provider, digest)
        if ciphertext is None or (provider, subject) not in keys:
            return None
        if sha256(ciphertext).hexdigest() != digest:
            raise NotGenuine(f"the blob {digest} is not what it was when it was stored")
        return open_box(keys[provider, subject], ciphertext, _associated(provider, subject))


def _associated(provider: str, subject: str) -> bytes:
    return "\0".join(("blob", provider, subject)).encode()
