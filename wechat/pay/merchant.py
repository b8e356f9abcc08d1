"""A merchant's credentials: signing as the merchant, verifying the platform, decrypting.

The rules are WeChat Pay's (pay.weixin.qq.com, "signature-verification"): RSASSA-PKCS1-v1_5 over
SHA-256 for signatures, AES-256-GCM under the APIv3 key for what notices carry.
"""

import binascii
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from wechat import codec
from wx_backend.strict import Malformed, whole_number

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
WINDOW_SECONDS: Final = 300
_PROBE: Final = "WECHATPAY/SIGNTEST/"
_PUBLIC_KEY_PREFIX: Final = "PUB_KEY_ID_"
_PADDING: Final = PKCS1v15()
_SHA256: Final = SHA256()
_OAEP: Final = OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303 - the platform's rule for fields


class Reason(StrEnum):
    """Why a notice or answer was not believed: for counting, never for the sender."""

    header = "header"  # a header is missing or not what it should be
    serial = "serial"  # signed under a key we do not hold, or one that has lapsed
    stale = "stale"  # the timestamp is more than five minutes off
    probe = "probe"  # a wrong signature the platform sends on purpose, to be refused like any
    signature = "signature"  # the signature does not fit


class NotAuthentic(codec.NotAuthentic):
    """It cannot be shown that WeChat Pay sent this; `reason` is for the counter."""

    def __init__(self, reason: Reason) -> None:
        super().__init__()
        self.reason = reason


class Undecryptable(Malformed):
    """Truly sent by WeChat Pay, but not under our APIv3 key: a setting of ours is wrong."""


@dataclass(frozen=True)
class PlatformKey:
    """A key of the platform and, for a certificate's, the instants (aware UTC) it holds between."""

    key: RSAPublicKey = field(repr=False)
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def holds_at(self, now: datetime) -> bool:
        return not (
            (self.valid_from and now < self.valid_from)
            or (self.valid_until and now > self.valid_until)
        )


@dataclass(frozen=True)
class Merchant:
    """One merchant number with its keys, loaded once per process.

    `platform_keys` is the closed set by serial: nothing is ever fetched because of a notice.
    Raises ValueError for an empty set and for credentials of another shape.
    """

    mchid: str
    serial: str
    private_key: RSAPrivateKey = field(repr=False)
    apiv3_key: bytes = field(repr=False)
    platform_keys: Mapping[str, PlatformKey]
    _cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.mchid and self.serial and self.platform_keys):
            raise ValueError("a merchant needs a number, a serial and a platform key")
        if len(self.apiv3_key) != 32:
            raise ValueError("an APIv3 key has 32 bytes")
        object.__setattr__(self, "_cipher", AESGCM(self.apiv3_key))

    @classmethod
    def load(
        cls,
        *,
        mchid: str,
        serial: str,
        private_key_pem: bytes,
        apiv3_key: bytes,
        public_keys: Mapping[str, bytes] | None = None,
        certificates: Sequence[bytes] = (),
    ) -> "Merchant":
        """Read credentials from PEM: public keys by their `PUB_KEY_ID_...`, certificates, or both.

        Raises ValueError, without content, for anything that is not what it should be.
        """
        try:
            private_key = load_pem_private_key(private_key_pem, password=None)
        except (ValueError, TypeError):
            private_key = None
        if not isinstance(private_key, RSAPrivateKey) or private_key.key_size < 2048:
            raise ValueError("the merchant's private key is not an RSA key of 2048 bits in PEM")
        keys = {key_id: _public_key(key_id, pem) for key_id, pem in (public_keys or {}).items()}
        keys |= dict(_certificate(pem) for pem in certificates)
        return cls(mchid, serial, private_key, apiv3_key, keys)

    @property
    def public_key_id(self) -> str | None:
        """The id to ask answers to be signed with, the first given; None in certificate mode."""
        return next((each for each in self.platform_keys if each.startswith("PUB_KEY_ID_")), None)

    def sign(self, *lines: str) -> str:
        """Sign lines, each ended by LF: Base64. Takes about a millisecond."""
        message = "".join(f"{line}\n" for line in lines).encode()
        return b64encode(self.private_key.sign(message, _PADDING, _SHA256)).decode()

    def authorization(
        self, *, method: str, path: str, body: bytes, timestamp: int, nonce: str
    ) -> str:
        """The Authorization header for these very bytes; `path` includes the query as sent."""
        signature = self.sign(method, path, str(timestamp), nonce, body.decode())
        return (
            f'{SCHEME} mchid="{self.mchid}",nonce_str="{nonce}",signature="{signature}",'
            f'timestamp="{timestamp}",serial_no="{self.serial}"'
        )

    def seal(self, text: str, *, now: datetime) -> tuple[str, str]:
        """Encrypt a sensitive field for the platform: the key's serial, and Base64 of RSA-OAEP.

        SHA-1 is the platform's rule here. Under the public key, else under the newest
        certificate; ValueError when none holds.
        """
        serial = self.public_key_id or self._newest_certificate(now)
        sealed = self.platform_keys[serial].key.encrypt(text.encode(), _OAEP)
        return serial, b64encode(sealed).decode()

    def _newest_certificate(self, now: datetime) -> str:
        valid = {
            serial: known.valid_from
            for serial, known in self.platform_keys.items()
            if known.valid_from and known.holds_at(now)
        }
        if not valid:
            raise ValueError("no key of the platform holds now")
        return max(valid, key=lambda serial: valid[serial])

    def verify(self, headers: Mapping[str, str], raw: bytes, *, now: datetime) -> None:
        """Check who sent these raw bytes, and when. Raises NotAuthentic."""
        timestamp, nonce, serial, signature, scheme = _signature_headers(headers)
        if not (timestamp and nonce and serial and signature and scheme == SCHEME):
            raise NotAuthentic(Reason.header)
        known = self.platform_keys.get(serial)
        if known is None or not known.holds_at(now):
            raise NotAuthentic(Reason.serial)
        if abs(now.timestamp() - _seconds(timestamp)) > WINDOW_SECONDS:
            raise NotAuthentic(Reason.stale)
        message = b"%b\n%b\n%b\n" % (timestamp.encode(), nonce.encode("utf-8", "replace"), raw)
        try:
            sent = binascii.a2b_base64(signature, strict_mode=True)
            known.key.verify(sent, message, _PADDING, _SHA256)
        except (ValueError, InvalidSignature):
            is_probe = signature.startswith(_PROBE)
            raise NotAuthentic(Reason.probe if is_probe else Reason.signature) from None

    def decrypt(self, resource: Mapping[str, Any]) -> bytes:
        """The plain bytes of a notice's resource.

        Raises Malformed for another algorithm or shape, Undecryptable for another key.
        """
        if resource.get("algorithm") != "AEAD_AES_256_GCM":
            raise Malformed("not AEAD_AES_256_GCM")
        try:
            nonce = resource["nonce"].encode()
            associated = (resource.get("associated_data") or "").encode()
            ciphertext = binascii.a2b_base64(resource["ciphertext"], strict_mode=True)
        except (KeyError, AttributeError, TypeError, ValueError):
            raise Malformed("a resource without its parts") from None
        return self.opened(nonce, associated, ciphertext)

    def opened(self, nonce: bytes, associated: bytes, ciphertext: bytes) -> bytes:
        """The plain bytes of what AEAD_AES_256_GCM encrypted; raises as `decrypt` does."""
        if len(nonce) != 12 or len(ciphertext) < 16:
            raise Malformed("a resource of another shape")
        try:
            return self._cipher.decrypt(nonce, ciphertext, associated)
        except InvalidTag:
            raise Undecryptable("not under our APIv3 key") from None


def _signature_headers(headers: Mapping[str, str]) -> tuple[str, str, str, str, str]:
    """Timestamp, nonce, serial, signature and scheme; names as documented or in lower case."""
    if "Wechatpay-Signature" not in headers:
        headers = {name.lower(): value for name, value in headers.items()}
        return (
            headers.get("wechatpay-timestamp", ""),
            headers.get("wechatpay-nonce", ""),
            headers.get("wechatpay-serial", ""),
            headers.get("wechatpay-signature", ""),
            headers.get("wechatpay-signature-type", SCHEME),
        )
    return (
        headers.get("Wechatpay-Timestamp", ""),
        headers.get("Wechatpay-Nonce", ""),
        headers.get("Wechatpay-Serial", ""),
        headers.get("Wechatpay-Signature", ""),
        headers.get("Wechatpay-Signature-Type", SCHEME),
    )


def _seconds(timestamp: str) -> int:
    try:
        return whole_number(timestamp, low=0, high=10**12)
    except Malformed:
        raise NotAuthentic(Reason.header) from None


def _public_key(key_id: str, pem: bytes) -> PlatformKey:
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise ValueError("a platform public key is not PEM") from None
    if not key_id.startswith(_PUBLIC_KEY_PREFIX) or not isinstance(key, RSAPublicKey):
        raise ValueError("a platform public key is RSA and known by its PUB_KEY_ID_")
    return PlatformKey(key)


def _certificate(pem: bytes) -> tuple[str, PlatformKey]:
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except ValueError:
        raise ValueError("a platform certificate is not PEM") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("a platform certificate is for an RSA key")
    valid = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return f"{certificate.serial_number:040X}", PlatformKey(key, *valid)
