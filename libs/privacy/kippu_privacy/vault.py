"""The vault: seals personal values under their subjects' keys, and opens them while the keys exist."""

import base64
import time
from binascii import Error as NotBase64
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from kippu_privacy.box import NotGenuine, close, open_box
from kippu_privacy.carried import unpack
from kippu_privacy.keyring import Keyring
from kippu_privacy.personal import Associated, Plain, Sealed

Subject = tuple[str, str]
"""(provider, subject)"""

LookUp = Callable[[str, Iterable[str]], Awaitable[Mapping[str, bytes]]]


class Vault:
    """Seals and opens, with a small cache of keys in memory.

    A key stays cached for at most `seconds`, so that an erasure in another process takes effect here within that
    time; an erasure through this vault takes effect at once. Implements `kippu_events.work.Sealer`.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        capacity: int = 10_000,
        seconds: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keyring = keyring
        self._capacity = capacity
        self._seconds = seconds
        self._monotonic = monotonic
        self._cache: OrderedDict[Subject, tuple[float, bytes]] = OrderedDict()
        self._erasures = 0

    async def seal(self, values: Iterable[tuple[Plain, Associated]]) -> list[Sealed]:
        """Seals each value under its subject's key, made and committed first where there is none.

        Raises KeyErased if a subject was erased: nothing may be recorded about that person again.
        """
        pairs = list(values)
        keys = await self.keys_for_writing((bound.provider, plain.subject) for plain, bound in pairs)
        return [
            Sealed(
                subject=plain.subject,
                box=base64.b64encode(
                    close(keys[bound.provider, plain.subject], plain.text.encode(), bound.to_bytes(plain.subject))
                ).decode(),
            )
            for plain, bound in pairs
        ]

    async def open(self, pairs: Iterable[tuple[Sealed, Associated]]) -> list[str | None]:
        """The plain texts, None where the subject was erased. Raises NotGenuine for a value that was altered."""
        wanted = list(pairs)
        keys = await self.keys_for_reading((bound.provider, sealed.subject) for sealed, bound in wanted)
        return [_open(keys.get((bound.provider, sealed.subject)), sealed, bound) for sealed, bound in wanted]

    async def open_carried(self, texts: Sequence[str | None]) -> list[str | None]:
        """Opens what a read model carries (`carried.pack`); None stays None. One keyring query a provider at most."""
        carried = [(index, unpack(text)) for index, text in enumerate(texts) if text is not None]
        opened = await self.open(pair for _, pair in carried)
        plain: list[str | None] = [None] * len(texts)
        for (index, _), text in zip(carried, opened, strict=True):
            plain[index] = text
        return plain

    async def erase(self, provider: str, subject: str) -> None:
        """Erases the subject's key, and with it the person, everywhere and for ever."""
        await self._keyring.erase(provider, subject)
        # A look-up that began before the erasure may end after it; counting erasures keeps its key out of the cache.
        self._erasures += 1
        self._cache.pop((provider, subject), None)

    async def keys_for_writing(self, subjects: Iterable[Subject]) -> Mapping[Subject, bytes]:
        """Keys to seal with. Raises KeyErased. Always complete."""
        return await self._keys(subjects, self._keyring.ensure)

    async def keys_for_reading(self, subjects: Iterable[Subject]) -> Mapping[Subject, bytes]:
        """Keys to open with; erased and unknown subjects are left out."""
        return await self._keys(subjects, self._keyring.find)

    async def _keys(self, subjects: Iterable[Subject], look_up: LookUp) -> Mapping[Subject, bytes]:
        keys: dict[Subject, bytes] = {}
        missing: dict[str, set[str]] = {}
        for provider, subject in subjects:
            cached = self._cached((provider, subject))
            if cached is None:
                missing.setdefault(provider, set()).add(subject)
            else:
                keys[provider, subject] = cached
        for provider, names in missing.items():
            erasures = self._erasures
            found = {(provider, name): key for name, key in (await look_up(provider, sorted(names))).items()}
            keys.update(found)
            if erasures == self._erasures:
                self._remember(found)
        return keys

    def _cached(self, subject: Subject) -> bytes | None:
        entry = self._cache.get(subject)
        if entry is None:
            return None
        forget_at, key = entry
        if forget_at <= self._monotonic():
            del self._cache[subject]
            return None
        self._cache.move_to_end(subject)
        return key

    def _remember(self, keys: Mapping[Subject, bytes]) -> None:
        forget_at = self._monotonic() + self._seconds
        for subject, key in keys.items():
            self._cache[subject] = (forget_at, key)
            self._cache.move_to_end(subject)
        while len(self._cache) > self._capacity:
            self._cache.popitem(last=False)


def _open(key: bytes | None, sealed: Sealed, bound: Associated) -> str | None:
    if key is None:
        return None
    try:
        box = base64.b64decode(sealed.box, validate=True)
    except NotBase64:
        raise NotGenuine("a sealed value is not base64") from None
    return open_box(key, box, bound.to_bytes(sealed.subject)).decode()
