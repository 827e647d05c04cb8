"""A blob store in memory: for tests and simulations, under the same suite as the real one."""


class MemoryBlobStore:
    def __init__(self) -> None:
        self._blobs: dict[tuple[str, str], bytes] = {}

    async def save(self, provider: str, digest: str, ciphertext: bytes) -> None:
        self._blobs.setdefault((provider, digest), ciphertext)

    async def load(self, provider: str, digest: str) -> bytes | None:
        return self._blobs.get((provider, digest))
