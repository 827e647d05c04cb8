"""A keyring in memory: for tests and simulations, under the same contract suite as the real one."""

import os
from collections.abc import Iterable, Mapping

from kippu_privacy.box import KEY_BYTES
from kippu_privacy.keyring import KeyErased


class MemoryKeyring:
    """Keeps keys in a dictionary; None marks an erased subject."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], bytes | None] = {}

    async def ensure(self, provider: str, subjects: Iterable[str]) -> Mapping[str, bytes]:
        wanted = list(subjects)
        erased = [name for name in wanted if self._keys.get((provider, name), b"") is None]
        if erased:
            raise KeyErased(f"{provider}: the key of {', '.join(erased)} was erased")
        for name in wanted:
            self._keys.setdefault((provider, name), os.urandom(KEY_BYTES))
        return await self.find(provider, wanted)

    async def find(self, provider: str, subjects: Iterable[str]) -> Mapping[str, bytes]:
        found = {name: self._keys.get((provider, name)) for name in subjects}
        return {name: key for name, key in found.items() if key is not None}

    async def erase(self, provider: str, subject: str) -> None:
        self._keys[provider, subject] = None
