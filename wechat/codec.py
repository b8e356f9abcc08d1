"""The message cipher: signatures, opening what the platform pushes, sealing what we answer.

The rules are the platform's (developers.weixin.qq.com, "push/encryption"): AES-256-CBC under
the 32 bytes of EncodingAESKey with its first half as IV, PKCS#7 with blocks of 32, a frame of
16 random bytes, a 4-byte length, the message and the appid, and a SHA-1 over the sorted token,
timestamp, nonce and ciphertext.
"""

import binascii
import os
import threading
from dataclasses import dataclass, field
from hashlib import sha1
from hmac import compare_digest
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from wechat import xml
from wx_backend import strict

_BLOCK: Final = 32  # the padding's block, twice that of AES
_PADDING: Final = tuple(bytes([size]) * size for size in range(_BLOCK + 1))


class NotAuthentic(Exception):
    """It cannot be shown that the platform sent this; every reason looks the same."""

    def __init__(self) -> None:
        super().__init__("not authentic")


class Opened(NamedTuple):
    """A push in clear, which key opened it, and in which format it came."""

    plain: bytes
    key_index: int
    is_json: bool


class _Cipher(threading.local):
    """One key's AES contexts, made once per thread: making them costs more than using them.

    They run on from message to message. CBC's IV reaches the first block of a message only, and
    that block is 16 random bytes nobody reads: under any IV it stays as random, and all behind
    it is the same.
    """

    encryptor: CipherContext
    decryptor: CipherContext

    def __init__(self, key: bytes) -> None:
        cipher = Cipher(AES(key), CBC(key[:16]))
        self.encryptor, self.decryptor = cipher.encryptor(), cipher.decryptor()


@dataclass(frozen=True)
class Codec:
    """The cipher of one account.

    `aes_keys` are EncodingAESKeys as the console shows them (43 characters), the current one
    first, then the previous one while a change is under way. Raises ValueError for an empty
    appid or token and for keys of another shape.
    """

    appid: str
    token: str = field(repr=False)
    aes_keys: tuple[str, ...] = field(repr=False)
    _ciphers: tuple[_Cipher, ...] = field(init=False, repr=False, compare=False)
    _appid: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.appid and self.token and self.aes_keys):
            raise ValueError("a codec needs an appid, a token and at least one key")
        object.__setattr__(self, "_ciphers", tuple(_cipher(key) for key in self.aes_keys))
        object.__setattr__(self, "_appid", self.appid.encode())

    def signature(self, *parts: str) -> str:
        """SHA-1 over the token and these parts, sorted and joined: 40 lower-case hex digits."""
        joined = "".join(sorted((self.token, *parts)))
        return sha1(joined.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def verify_url(self, *, signature: str, timestamp: str, nonce: str) -> None:
        """Check the signature in the query string, which does not cover a body.

        Raises NotAuthentic. Enough for the console's address check, never for an encrypted push.
        """
        if not _equal(self.signature(timestamp, nonce), signature):
            raise NotAuthentic

    def open(self, raw: bytes, *, timestamp: str, nonce: str, msg_signature: str) -> Opened:
        """Authenticate and decrypt the body of a push, in XML or JSON.

        Nothing is decrypted before the signature over the ciphertext holds. Raises NotAuthentic,
        whatever the fault.
        """
        is_json = raw[:1] == b"{"
        try:
            encrypt = _encrypt_field(raw, is_json=is_json)
        except strict.Malformed:
            raise NotAuthentic from None
        if not _equal(self.signature(timestamp, nonce, encrypt), msg_signature):
            raise NotAuthentic
        for key_index, cipher in enumerate(self._ciphers):
            plain = self._decrypted(encrypt, cipher)
            if plain is not None:
                return Opened(plain, key_index, is_json)
        raise NotAuthentic

    def seal(
        self, reply: bytes, *, timestamp: int, nonce: str, key_index: int = 0, is_json: bool = False
    ) -> bytes:
        """Encrypt and sign a reply: the whole body, in the format and under the key of its push."""
        encrypt = self._encrypted(reply, os.urandom(16), self._ciphers[key_index])
        signature = self.signature(str(timestamp), nonce, encrypt)
        if is_json:
            return strict.dumps(
                {
                    "Encrypt": encrypt,
                    "MsgSignature": signature,
                    "TimeStamp": timestamp,
                    "Nonce": nonce,
                }
            )
        return (
            f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{xml.cdata(nonce)}</Nonce></xml>"
        ).encode()

    def _decrypted(self, encrypt: str, cipher: _Cipher) -> bytes | None:
        """The message of a ciphertext; None if any part of its frame is not as it should be."""
        try:
            sealed = binascii.a2b_base64(encrypt, strict_mode=True)
        except ValueError:
            return None
        if not sealed or len(sealed) % _BLOCK:
            return None
        frame = cipher.decryptor.update(sealed)  # whole blocks: nothing is held back
        padding = frame[-1]
        if not 1 <= padding <= _BLOCK or not frame.endswith(_PADDING[padding]):
            return None
        end = 20 + int.from_bytes(frame[16:20], "big")
        if not compare_digest(frame[end:-padding], self._appid):
            return None
        return frame[20:end]

    def _encrypted(self, message: bytes, salt: bytes, cipher: _Cipher) -> str:
        frame = b"%b%b%b%b" % (salt, len(message).to_bytes(4, "big"), message, self._appid)
        padded = frame + _PADDING[_BLOCK - len(frame) % _BLOCK]
        sealed = cipher.encryptor.update(padded)  # whole blocks: nothing is held back
        return binascii.b2a_base64(sealed, newline=False).decode()


def _cipher(encoding_aes_key: str) -> _Cipher:
    try:
        key = binascii.a2b_base64(encoding_aes_key + "=", strict_mode=True)
    except ValueError:
        key = b""
    if len(encoding_aes_key) != 43 or len(key) != 32:
        raise ValueError("an EncodingAESKey has 43 letters and digits")
    return _Cipher(key)


def _equal(ours: str, theirs: str) -> bool:
    return compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))


def _encrypt_field(raw: bytes, *, is_json: bool) -> str:
    """The ciphertext of an envelope; scanning finds it in the usual form, parsing in any other."""
    if is_json:
        found: object = strict.fields(raw).get("Encrypt")
    else:
        head, opening, rest = raw.partition(b"<Encrypt><![CDATA[")
        encrypt, closing, tail = rest.partition(b"]]></Encrypt>")
        if opening and closing and not (_is_unusual(head) or _is_unusual(tail)):
            return encrypt.decode("latin-1")
        found = xml.parse(raw).get("Encrypt")
    if not isinstance(found, str):
        raise strict.Malformed("no ciphertext")
    return found


def _is_unusual(beside: bytes) -> bool:
    """Whether what stands beside the ciphertext makes the scan a guess."""
    return (
        b"<Encrypt" in beside or b"<!D" in beside or b"<?" in beside or len(beside) > xml.MAX_BYTES
    )
