"""AES-256-GCM, as everything here uses it: a random 96-bit nonce from the operating system, then ciphertext and tag."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32


class NotGenuine(ValueError):
    """A sealed value or blob is not what was sealed: altered, cut, or moved to where it does not belong."""


def close(key: bytes, content: bytes, associated: bytes) -> bytes:
    """Nonce (12 bytes), ciphertext, tag (16 bytes)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, associated)


def open_box(key: bytes, box: bytes, associated: bytes) -> bytes:
    """The content again. Raises NotGenuine."""
    if len(box) < NONCE_BYTES + TAG_BYTES:
        raise NotGenuine("a sealed value is shorter than its nonce and tag")
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], associated)
    except InvalidTag:
        raise NotGenuine("a sealed value does not open with its subject's key and what it is bound to") from None
