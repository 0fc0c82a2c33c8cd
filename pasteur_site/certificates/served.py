"""The certificate that the web server presents: one file with the private key and the chain, replaced as a whole.

Until an authority has issued one, the file has a placeholder, which the site has signed itself.
"""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from pasteur_site.certificates import keys

_PLACEHOLDER = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Pasteur placeholder")])
_PLACEHOLDER_DAYS = 365


@dataclass(frozen=True)
class Certificate:
    """What a certificate says. `pin` identifies its key, `chain` has it first and then those of its issuers, as PEM."""

    names: tuple[str, ...]
    issuer: str
    begins_at: datetime
    expires_at: datetime
    serial: int
    pin: str
    is_placeholder: bool
    chain: bytes


def folder() -> Path:
    """Return the folder of everything about certificates, in the data folder."""
    return Path(settings.DATA_DIR) / "certificates"


def file() -> Path:
    """Return the file with key and chain."""
    return folder() / "served.pem"


def read() -> Certificate | None:
    """Return what the file has; None when it is missing or damaged, so that no server can use it."""
    try:
        content = file().read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file())  # Key and certificate match.
        certificate = x509.load_pem_x509_certificate(content)
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return None
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return None
    return Certificate(
        names=tuple(names.get_values_for_type(x509.DNSName)),
        issuer=certificate.issuer.rfc4514_string(),
        begins_at=certificate.not_valid_before_utc,
        expires_at=certificate.not_valid_after_utc,
        serial=certificate.serial_number,
        pin=keys.pin(key),
        is_placeholder=certificate.issuer == _PLACEHOLDER,
        chain=content[content.index(b"-----BEGIN CERTIFICATE-----") :],
    )


def store(key: ec.EllipticCurvePrivateKey, chain: bytes) -> None:
    """Replace key and chain, so that readers see the old or the new ones, after a crash as well. Raises OSError."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file().with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(keys.pem(key) + chain)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file())


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return the key for the next certificate: that of PASTEUR_CERTIFICATE_SEED, or a new one."""
    seed = settings.CERTIFICATE.seed
    return keys.derive(seed, keys.CERTIFICATE) if seed else keys.generate()


def store_placeholder() -> None:
    """Replace the certificate by a placeholder. Raises OSError."""
    key, now = new_key(), datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in settings.CERTIFICATE.names])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_PLACEHOLDER)
        .issuer_name(_PLACEHOLDER)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_PLACEHOLDER_DAYS))
        .add_extension(names, critical=False)
        .sign(key, SHA256())
    )
    store(key, certificate.public_bytes(Encoding.PEM))


def ensure() -> None:
    """Store a placeholder unless there is a certificate that a server can use. Raises OSError."""
    if read() is None:
        store_placeholder()
