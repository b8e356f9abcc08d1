"""Personal data at rest: AES-256-GCM bound to its place, and a keyed index to find it by.

A sealed value is one key-id byte, a random 12-byte nonce, the ciphertext and its tag. The place
(table, column, row) is authenticated with it, so two rows' values cannot be swapped. A retired
key still opens; sealing anew moves a value to the current key.
"""

import secrets
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wx_backend.config import Privacy

_NONCE_BYTES: Final = 12


class CannotOpen(Exception):
    """A sealed value is damaged, stands in another place, or its key is not here."""


class Vault:
    """Seals and opens short personal texts; shows none of its keys."""

    def __init__(self, keys: Sequence[bytes], index_key: bytes) -> None:
        """`keys` are 32 bytes each, the current one first, retired ones after it.

        Raises ValueError for keys of another length, or two that share a key-id byte.
        """
        if any(len(key) != 32 for key in (*keys, index_key)):
            raise ValueError("a vault needs keys of 32 bytes")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        if len(self._ciphers) != len(keys):
            raise ValueError("two keys of 32 bytes share a key id")
        self._current = _key_id(keys[0])
        self._index_key = index_key

    @classmethod
    def of(cls, privacy: Privacy) -> "Vault":
        """The vault of a configuration."""
        keys = [bytes.fromhex(key.secret) for key in privacy.keys]
        return cls(keys, bytes.fromhex(privacy.index_key))

    def seal(self, text: str, *, place: str) -> bytes:
        """Encrypt `text` for one place, such as `member.phone:17`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, text.encode(), place.encode())
        return bytes([self._current]) + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> str:
        """The text sealed for this place; CannotOpen for anything else."""
        cipher = self._ciphers.get(sealed[0]) if sealed else None
        if cipher is None or len(sealed) < 1 + _NONCE_BYTES:
            raise CannotOpen
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, rest, place.encode()).decode()
        except InvalidTag:
            raise CannotOpen from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the value is sealed under the newest key."""
        return sealed[:1] == bytes([self._current])

    def index(self, phone: str) -> bytes:
        """16 bytes to find a normalised number by; useless without the key."""
        return self.digest(phone, purpose=b"member.phone")

    def digest(self, text: str, *, purpose: bytes) -> bytes:
        """16 bytes that tell whether two texts are the same; useless without the key.

        `purpose` (16 bytes at most) keeps the digests of different things apart.
        """
        return blake2b(text.encode(), digest_size=16, key=self._index_key, person=purpose).digest()


def member_phone(member_id: int) -> str:
    """The place of a member's phone."""
    return f"member.phone:{member_id}"


def _key_id(key: bytes) -> int:
    return blake2b(key, digest_size=1, person=b"vault.key").digest()[0]
