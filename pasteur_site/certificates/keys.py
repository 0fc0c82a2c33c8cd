"""Private keys on P-256: new ones, or derived from a seed, so that a machine that keeps no disk has the same ones."""

import base64
import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: What a key is for, so that one seed gives different keys for different purposes (RFC 5869).
ACCOUNT = b"pasteur acme account, p-256, 1"
CERTIFICATE = b"pasteur certificate, p-256, 1"
#: The order of the group of P-256 (FIPS 186-5).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: 128 bits more than the order has, so that the remainder is as good as uniform.
_DERIVED_BYTES = 48


def generate() -> ec.EllipticCurvePrivateKey:
    """Return a new key."""
    return ec.generate_private_key(ec.SECP256R1())


def derive(seed: str, purpose: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the key that follows from a seed and a purpose, always the same (HKDF-SHA256)."""
    derived = HKDF(SHA256(), _DERIVED_BYTES, salt=None, info=purpose).derive(seed.encode())
    return ec.derive_private_key(int.from_bytes(derived, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as PEM, without a passphrase."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pin(key: ec.EllipticCurvePublicKey) -> str:
    """Return the SHA-256 of a public key in Base64, as it is used for pinning (RFC 7469)."""
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(encoded).digest()).decode()
