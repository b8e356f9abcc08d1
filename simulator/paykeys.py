"""WeChat Pay's crypto: RSA signatures, AES-GCM resources, keys and platform certificates."""

import base64
import binascii
from datetime import timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from simulator.clock import utc

_FIVE_YEARS = timedelta(days=5 * 365)


def new_private_key() -> str:
    """A fresh 2048-bit RSA key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


def public_pem(private_pem: str) -> str:
    """The public half as PEM (SubjectPublicKeyInfo)."""
    return _public_text(_private(private_pem).public_key())


def new_certificate(private_pem: str, *, serial: int, at: float) -> str:
    """A self-signed certificate, valid for five years from `at`, as PEM."""
    key = _private(private_pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA (pretend)")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(utc(at) - timedelta(days=1))
        .not_valid_after(utc(at) + _FIVE_YEARS)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def public_from(pem: str) -> str:
    """The public key in a PEM that holds a public key or a certificate; raises ValueError."""
    return _public_text(_public(pem))


def sign(private_pem: str, message: bytes) -> str:
    """Base64 of SHA256-with-RSA (PKCS #1 v1.5)."""
    signed = _private(private_pem).sign(message, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode()


def is_signed(pem: str, message: bytes, signature: str) -> bool:
    """Whether the owner of this public key or certificate signed exactly this message."""
    try:
        raw = base64.b64decode(signature, validate=True)
        _public(pem).verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def encrypt_resource(apiv3_key: str, *, nonce: str, associated: str, plain: bytes) -> str:
    """Base64 of AEAD_AES_256_GCM under the merchant's API v3 key."""
    sealed = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plain, associated.encode())
    return base64.b64encode(sealed).decode()


def decrypt_field(private_pem: str, text: str) -> str:
    """A sensitive field that the merchant encrypted for the platform; raises ValueError."""
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - the platform's choice
    return _private(private_pem).decrypt(base64.b64decode(text), oaep).decode()


@lru_cache(maxsize=64)
def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key


@lru_cache(maxsize=64)
def _public(pem: str) -> rsa.RSAPublicKey:
    raw = pem.encode()
    key: object
    if "CERTIFICATE" in pem:
        key = x509.load_pem_x509_certificate(raw).public_key()
    else:
        key = serialization.load_pem_public_key(raw)
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("not an RSA key")
    return key


def _public_text(key: rsa.RSAPublicKey) -> str:
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode()
