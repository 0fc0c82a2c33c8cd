"""The deploy key: generated once, or derived from a secret so that a machine without a persistent disk gets it again.

The file is in OpenSSH's own format (see PROTOCOL.key in OpenSSH), has no passphrase, and is deterministic.
"""

import base64
import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gitsync.errors import MisconfiguredError
from gitsync.remote import openssh
from gitsync.remote.host_keys import HostKey

#: The minimum length of a seed in bytes.
SEED_BYTES = 32
_READ_SECONDS = 10.0
_KIND = b"ssh-ed25519"
_COMMENT = b"pasteur"
#: The purpose of the key, so that other programs derive different keys from the same seed (RFC 5869).
_INFO = b"pasteur deploy key, ed25519, 1"


@dataclass(frozen=True)
class PublicKey:
    """The public part of a deploy key: the line to add on the forge, and its fingerprint."""

    line: str
    fingerprint: str


def generate() -> Ed25519PrivateKey:
    """Generate a new key."""
    return Ed25519PrivateKey.generate()


def derive(seed: str) -> Ed25519PrivateKey:
    """Derive the key from a seed of at least SEED_BYTES bytes; the result is deterministic (HKDF-SHA256)."""
    if len(seed.encode()) < SEED_BYTES:
        raise MisconfiguredError(f"GITSYNC_SSH_SEED must have at least {SEED_BYTES} bytes")
    return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, salt=None, info=_INFO).derive(seed.encode()))


def write(key: Ed25519PrivateKey, file: Path) -> None:
    """Write a key, readable only by its owner, and its public part next to it.

    Raise FileExistsError instead of overwriting a file.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as private:
        private.write(encoded(key))
        os.fsync(private.fileno())
    try:
        file.with_name(f"{file.name}.pub").write_text(f"{read(file).line}\n", encoding="ascii")
    except OSError:
        pass  # The public key can be printed at any time.


def read(file: Path) -> PublicKey:
    """Return the public part of the key in a file, read by OpenSSH. Raises MisconfiguredError."""
    done = openssh.run(["ssh-keygen", "-y", "-P", "", "-f", str(file)], seconds=_READ_SECONDS)
    if done is None:
        raise MisconfiguredError("OpenSSH is missing: ssh-keygen cannot be started")
    kind, body, *_ = [*done.stdout.split(), "", ""]
    if done.returncode or not body:
        raise MisconfiguredError(f"the deploy key {file} {_reason(file, done.stderr)}")
    return PublicKey(f"{kind} {body} {_COMMENT.decode()}", HostKey(kind, body).fingerprint)


def _reason(file: Path, message: str) -> str:
    """Return why OpenSSH cannot read a key, since its own message may be obscure, such as an error from libcrypto."""
    try:
        content = file.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if "passphrase" in message:
        return "is protected by a passphrase; a worker cannot type one"
    if b"PRIVATE KEY-----" in content and b"\r" in content:
        return "has Windows line endings, which OpenSSH does not accept; convert it with `tr -d '\\r'`"
    if b"PRIVATE KEY-----" in content and not content.endswith(b"\n"):
        return "lacks the trailing newline that OpenSSH requires"
    last_line = message.strip().rpartition("\n")[2].rpartition(": ")[2].strip()
    return f"is not a private key that OpenSSH can read: {last_line}"


def encoded(key: Ed25519PrivateKey) -> bytes:
    """Return the key as the content of a file; the result is deterministic."""
    secret, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    # Two equal numbers show that decryption succeeded; nothing is encrypted here, so any number will do.
    check = hashlib.sha256(public).digest()[:4] * 2
    private = check + _text(_KIND) + _text(public) + _text(secret + public) + _text(_COMMENT)
    private += bytes(range(1, -len(private) % 8 + 1))
    head = b"openssh-key-v1\0" + _text(b"none") + _text(b"none") + _text(b"") + struct.pack(">I", 1)
    body = base64.b64encode(head + _text(_text(_KIND) + _text(public)) + _text(private)).decode()
    lines = "\n".join(body[start : start + 70] for start in range(0, len(body), 70))
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n".encode()


def _text(value: bytes) -> bytes:
    """Return bytes prefixed with their length (RFC 4251)."""
    return struct.pack(">I", len(value)) + value
