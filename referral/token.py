"""The share token: 24 characters that name a share and cannot be guessed or altered.

`V iiiiiiii mmmmmmmmmmmmmm K`: purpose and version letter, share id (48 bits), MAC (84 bits) and
the letter of the key. The 22 inner characters are base64url of exactly 132 bits, so a token has
one spelling; the outer two are alphanumeric, so link finders and spreadsheets leave it whole.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2s
from hmac import compare_digest

SHARE = "S"
LENGTH = 24
SHARE_ID_MAX = 2**48 - 1

_LETTERS = frozenset(string.ascii_letters + string.digits)
_DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_ID_DIGITS = 8
_INNER_DIGITS = 22
_MAC_BITS = 84
_SECRET_MIN, _SECRET_MAX = 16, 32


class Forgery(StrEnum):
    """Why a token was not believed; for logs and counters, never for the person who sent it."""

    BAD_LENGTH = "bad_length"
    BAD_ALPHABET = "bad_alphabet"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_KEY = "unknown_key"
    BAD_MAC = "bad_mac"
    RETIRED = "retired"


class ForgedToken(Exception):
    """The token is not one of ours; nobody may be credited by it.

    `retired` means that the MAC was right, made with a retired key for a share born after its
    retirement: a sign that the old key has leaked.
    """

    def __init__(self, reason: Forgery) -> None:
        self.reason = reason
        super().__init__(reason.value)


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key: its letter, 16 to 32 secret bytes and, once retired, its last share.

    A key that must verify nothing any more stays in the ring with `last_share_id=0`, so that its
    letter is never used again.
    """

    letter: str
    secret: bytes = field(repr=False)
    last_share_id: int | None = None

    def __post_init__(self) -> None:
        if self.letter not in _LETTERS:
            raise ValueError("a key letter is one of 0-9, A-Z, a-z")
        if not _SECRET_MIN <= len(self.secret) <= _SECRET_MAX:
            raise ValueError(f"the secret of key {self.letter} must have 16 to 32 bytes")
        if self.last_share_id is not None and not 0 <= self.last_share_id <= SHARE_ID_MAX:
            raise ValueError(f"last_share_id of key {self.letter} is not a share id")


class Keyring:
    """Every key there ever was, oldest first: the newest signs, the retired ones verify."""

    def __init__(self, keys: Sequence[Key]) -> None:
        """Raises ValueError unless letters and secrets differ and only the last key is current."""
        if not keys or keys[-1].last_share_id is not None:
            raise ValueError("the newest key must be there and must not be retired")
        if any(key.last_share_id is None for key in keys[:-1]):
            raise ValueError("every key but the newest needs its last_share_id")
        if len({key.letter for key in keys}) < len(keys):
            raise ValueError("a key letter is never used twice")
        if len({key.secret for key in keys}) < len(keys):
            raise ValueError("a secret is never used twice")
        self.newest = keys[-1]
        self._by_letter = {key.letter: key for key in keys}

    def __repr__(self) -> str:
        return f"Keyring(letters={''.join(self._by_letter)!r})"

    def key(self, letter: str) -> Key | None:
        """The key with this letter, or None."""
        return self._by_letter.get(letter)


def sign(share_id: int, keyring: Keyring) -> str:
    """The token of a share, made with the newest key; ValueError outside 1 to 2**48 - 1."""
    if not 0 < share_id <= SHARE_ID_MAX:
        raise ValueError("a share id has 48 bits and is not zero")
    return _spelled(share_id, keyring.newest)


def verify(token: str, keyring: Keyring) -> int:
    """The share id a token stands for, without asking the database; raises ForgedToken."""
    share_id, key = _parsed(token, keyring)
    if not compare_digest(token, _spelled(share_id, key)):
        raise ForgedToken(Forgery.BAD_MAC)
    if key.last_share_id is not None and share_id > key.last_share_id:
        raise ForgedToken(Forgery.RETIRED)
    return share_id


def _parsed(token: str, keyring: Keyring) -> tuple[int, Key]:
    """What the token claims to be, nothing of it proven yet."""
    if len(token) != LENGTH:
        raise ForgedToken(Forgery.BAD_LENGTH)
    version, inner, letter = token[0], token[1:-1], token[-1]
    if version not in _LETTERS or letter not in _LETTERS or not _VALUES.keys() >= set(inner):
        raise ForgedToken(Forgery.BAD_ALPHABET)
    if version != SHARE:
        raise ForgedToken(Forgery.UNKNOWN_VERSION)
    key = keyring.key(letter)
    if key is None:
        raise ForgedToken(Forgery.UNKNOWN_KEY)
    share_id = 0
    for digit in inner[:_ID_DIGITS]:
        share_id = share_id << 6 | _VALUES[digit]
    return share_id, key


def _spelled(share_id: int, key: Key) -> str:
    """The only spelling of this share under this key."""
    message = (SHARE + key.letter).encode() + share_id.to_bytes(6)
    digest = int.from_bytes(blake2s(message, key=key.secret).digest())
    bits = share_id << _MAC_BITS | digest >> (256 - _MAC_BITS)
    places = range(6 * (_INNER_DIGITS - 1), -1, -6)
    return SHARE + "".join(_DIGITS[bits >> place & 63] for place in places) + key.letter
