"""A blind index of mail addresses: who wrote this mail, found without keeping any address in the clear.

The index is HMAC-SHA-256 of the normalised address under a pepper of the provider, which is in the keyring. The
look-up table over it is disposable: made again from events, and left out of every dump.
"""

import hmac
import unicodedata
from hashlib import sha256

from kippu_privacy.vault import Vault

PEPPER_SUBJECT = "address-index"
"""The keyring's subject that holds a provider's pepper."""


def normalise(address: str) -> str:
    """The address as two people would call it the same: NFKC, no blanks around, case-folded, domain in IDNA.

    The part before the @ is case-folded too: RFC 5321 leaves its case to the receiver, and no one relies on it.
    """
    folded = unicodedata.normalize("NFKC", address).strip().casefold()
    local, at, domain = folded.rpartition("@")
    try:
        return local + at + domain.rstrip(".").encode("idna").decode()
    except UnicodeError:  # not a domain name; an odd address still equals itself
        return folded


class AddressIndex:
    """The index of one address, as 32 bytes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def of(self, provider: str, address: str) -> bytes:
        keys = await self._vault.keys_for_writing([(provider, PEPPER_SUBJECT)])
        # A header in no known encoding has lone surrogates in it; such an address is odd, but still equals itself.
        content = normalise(address).encode("utf-8", "surrogatepass")
        return hmac.digest(keys[provider, PEPPER_SUBJECT], content, sha256)
