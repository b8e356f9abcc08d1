"""The demo's invented ids, secrets and keys: made at the first start, kept, never in the repository."""

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_LETTERS = string.ascii_letters + string.digits
ACCOUNT_NAME = "city"
ACCOUNT_TITLE = "示例通信营业厅"
DEFAULT_OUTLET = "OT0101"


@dataclass(frozen=True)
class Identities:
    """What the service and the pretend WeChat must agree on, and what the service keeps to itself."""

    appid: str
    app_secret: str
    original_id: str
    token: str
    aes_key: str
    mchid: str
    merchant_serial: str
    merchant_private_key: str
    merchant_public_key: str
    apiv3_key: str
    platform_serial: str
    platform_private_key: str
    platform_public_key: str
    secret_key: str
    share_secret: str
    phone_key: str
    index_key: str
    billing_key: str
    real_name_key: str


def load_or_make(path: Path) -> Identities:
    """The identities kept in `path`; made and stored there, for our eyes only, when it is missing."""
    if path.exists():
        kept = json.loads(path.read_text())
        return Identities(**{field.name: kept[field.name] for field in fields(Identities)})
    made = _invented()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(made), file, indent=2)
    unfinished.rename(path)
    return made


def _invented() -> Identities:
    merchant_key, platform_key = _private_key(), _private_key()
    return Identities(
        appid=f"wx{secrets.token_hex(8)}",
        app_secret=secrets.token_hex(16),
        original_id=f"gh_{secrets.token_hex(6)}",
        token=_text(24),
        # 43 characters of base64 hold 32 bytes and end in one of sixteen letters.
        aes_key=_text(42) + secrets.choice("AEIMQUYcgkosw048"),
        mchid=f"19{secrets.randbelow(10**8):08d}",
        merchant_serial=secrets.token_hex(20).upper(),
        merchant_private_key=_private_pem(merchant_key),
        merchant_public_key=_public_pem(merchant_key),
        apiv3_key=_text(32),
        platform_serial=f"PUB_KEY_ID_01{secrets.randbelow(10**26):026d}",
        platform_private_key=_private_pem(platform_key),
        platform_public_key=_public_pem(platform_key),
        secret_key=secrets.token_hex(32),
        share_secret=secrets.token_hex(32),
        phone_key=secrets.token_hex(32),
        index_key=secrets.token_hex(32),
        billing_key=secrets.token_hex(32),
        real_name_key=secrets.token_hex(32),
    )


def _text(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
