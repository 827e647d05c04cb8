"""The keyring: one key a subject, in a database of its own, backed up apart from the logs."""

from collections.abc import Iterable, Mapping
from typing import Protocol


class KeyErased(LookupError):
    """The subject's key was erased: what was sealed under it can never be read again."""


class Keyring(Protocol):
    """Keys by subject. A key is committed before its first use; an erased subject never gets a new key."""

    async def ensure(self, provider: str, subjects: Iterable[str]) -> Mapping[str, bytes]:
        """The subjects' keys (32 bytes each), made and committed where there are none. Raises KeyErased."""

    async def find(self, provider: str, subjects: Iterable[str]) -> Mapping[str, bytes]:
        """The keys that exist; erased or unknown subjects are left out."""

    async def erase(self, provider: str, subject: str) -> None:
        """Forgets the subject's key for ever."""
