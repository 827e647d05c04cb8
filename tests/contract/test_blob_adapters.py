"""What every blob store guarantees, and encrypted blobs on top of it, on each adapter."""

from collections.abc import AsyncIterator
from hashlib import sha256

import asyncpg
import pytest
from kippu_events.database import Database
from kippu_privacy.blobs import MAX_BLOB_BYTES, Blobs, BlobStore, BlobTooLarge
from kippu_privacy.blobs_memory import MemoryBlobStore
from kippu_privacy.blobs_postgres import PostgresBlobStore
from kippu_privacy.box import NotGenuine
from kippu_privacy.keyring import KeyErased
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault


@pytest.fixture
async def writers(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database.writer_url, min_size=1, max_size=2) as pool:
        yield pool


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> BlobStore:
    return MemoryBlobStore() if request.param == "memory" else PostgresBlobStore(request.getfixturevalue("writers"))


@pytest.fixture
def vault() -> Vault:
    return Vault(MemoryKeyring())


@pytest.fixture
def blobs(store: BlobStore, vault: Vault) -> Blobs:
    return Blobs(store, vault)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 one", bytes(range(256)) * 40_000])
async def test_a_blob_comes_back_as_it_was(blobs: Blobs, store: BlobStore, content: bytes) -> None:
    stored = await blobs.put("iij", "contact-1", content, "application/pdf")
    assert (stored.size, stored.media_type) == (len(content), "application/pdf")
    assert await blobs.get("iij", "contact-1", stored.digest) == content
    ciphertext = await store.load("iij", stored.digest)
    assert ciphertext is not None
    assert sha256(ciphertext).hexdigest() == stored.digest
    assert not content or content not in ciphertext


async def test_it_is_not_found_under_another_provider_nor_opened_under_another_subject(blobs: Blobs) -> None:
    stored = await blobs.put("iij", "contact-1", b"one", "text/plain")
    await blobs.put("svt", "contact-1", b"two", "text/plain")
    await blobs.put("iij", "contact-2", b"three", "text/plain")
    assert await blobs.get("svt", "contact-1", stored.digest) is None
    with pytest.raises(NotGenuine):
        await blobs.get("iij", "contact-2", stored.digest)
    assert await blobs.get("iij", "contact-1", "00" * 32) is None


async def test_an_erased_subject_takes_its_blobs_along(blobs: Blobs, vault: Vault) -> None:
    stored = await blobs.put("iij", "contact-1", b"one", "text/plain")
    await vault.erase("iij", "contact-1")
    assert await blobs.get("iij", "contact-1", stored.digest) is None
    with pytest.raises(KeyErased):
        await blobs.put("iij", "contact-1", b"two", "text/plain")


async def test_saving_again_changes_nothing(store: BlobStore) -> None:
    digest = sha256(b"one").hexdigest()
    await store.save("iij", digest, b"one")
    await store.save("iij", digest, b"one")
    assert await store.load("iij", digest) == b"one"


async def test_a_blob_that_is_too_large_is_refused(blobs: Blobs) -> None:
    with pytest.raises(BlobTooLarge):
        await blobs.put("iij", "contact-1", bytes(MAX_BLOB_BYTES + 1), "text/plain")


async def test_the_database_takes_no_blob_under_a_wrong_name_and_changes_none(writers: asyncpg.Pool) -> None:
    store = PostgresBlobStore(writers)
    with pytest.raises(asyncpg.CheckViolationError):
        await store.save("iij", sha256(b"two").hexdigest(), b"one")
    await store.save("iij", sha256(b"one").hexdigest(), b"one")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await writers.execute("update blob.blob set provider = 'svt'")
