"""The message platform's crypto: SHA-1 signatures and AES-256-CBC envelopes, from the platform's documentation."""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# Padding runs to 32 bytes although the cipher's block has 16.
_PADDING_BITS = 256


class NotReadable(ValueError):
    """A ciphertext that the given key, or the given account, did not make."""


def signature(*parts: str) -> str:
    """Lower-case hex SHA-1 over the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def is_signed(expected: str, *parts: str) -> bool:
    return hmac.compare_digest(signature(*parts).encode(), expected.encode())


def seal(message: bytes, *, encoding_key: str, appid: str, salt: bytes) -> str:
    """Encrypt a message for the account; `salt` is the frame's 16 random bytes."""
    frame = salt + len(message).to_bytes(4, "big") + message + appid.encode()
    padder = padding.PKCS7(_PADDING_BITS).padder()
    encryptor = _cipher(encoding_key).encryptor()
    padded = padder.update(frame) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def unseal(text: str, *, encoding_key: str, appid: str) -> bytes:
    """The message inside; raises NotReadable whatever is wrong with it."""
    try:
        decryptor = _cipher(encoding_key).decryptor()
        padded = decryptor.update(base64.b64decode(text, validate=True)) + decryptor.finalize()
        unpadder = padding.PKCS7(_PADDING_BITS).unpadder()
        frame = unpadder.update(padded) + unpadder.finalize()
    except (ValueError, binascii.Error) as error:
        raise NotReadable("not a ciphertext under this key") from error
    length = int.from_bytes(frame[16:20], "big")
    message, owner = frame[20 : 20 + length], frame[20 + length :]
    if len(message) != length or owner != appid.encode():
        raise NotReadable("the frame names another account or length")
    return message


def _cipher(encoding_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(encoding_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
