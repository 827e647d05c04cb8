"""Blobs in the service's own database, in the table `blob.blob` (kippu_events' migrations make it)."""

import asyncpg


class PostgresBlobStore:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def save(self, provider: str, digest: str, ciphertext: bytes) -> None:
        await self._pool.execute(
            "insert into blob.blob (provider, digest, ciphertext) values ($1, $2, $3) on conflict do nothing",
            provider,
            bytes.fromhex(digest),
            ciphertext,
        )

    async def load(self, provider: str, digest: str) -> bytes | None:
        row = await self._pool.fetchrow(
            "select ciphertext from blob.blob where provider = $1 and digest = $2", provider, bytes.fromhex(digest)
        )
        return row["ciphertext"] if row else None
