"""SSH host keys: those that a host presents, those pinned for it, and their fingerprints."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gitsync.remote import openssh

#: Seconds within which a host must present its keys.
SCAN_SECONDS = 10
#: OpenSSH's format: a SHA-256 digest in Base64 without padding.
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_KEY = re.compile(r"\S+ (?P<kind>[a-z0-9@.-]+) (?P<body>[A-Za-z0-9+/]+=*)( .*)?")


@dataclass(frozen=True)
class HostKey:
    """A host's public key: its type, and its body in Base64."""

    kind: str
    body: str

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint in the format used by OpenSSH and forges."""
        digest = hashlib.sha256(base64.b64decode(self.body)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def known_hosts_name(host: str, port: int) -> str:
    """Return the name of a host in a known hosts file."""
    return host if port == 22 else f"[{host}]:{port}"


def pinned(file: Path, host: str, port: int) -> list[HostKey]:
    """Return a host's keys from a known hosts file, including entries with hashed names."""
    return _read(["ssh-keygen", "-F", known_hosts_name(host, port), "-f", str(file)])


def scan(host: str, port: int) -> list[HostKey]:
    """Return the keys that a host presents, unauthenticated, or an empty list if it cannot be reached."""
    kinds = "ed25519,ecdsa,rsa"
    return _read(["ssh-keyscan", "-T", str(SCAN_SECONDS), "-t", kinds, "-p", str(port), "--", host])


def difference(message: str, file: Path, host: str, port: int) -> str:
    """Describe the fingerprints that the host presents and those pinned for it, given the error message from SSH."""
    current = FINGERPRINT.findall(message) or [key.fingerprint for key in scan(host, port)]
    expected = [key.fingerprint for key in pinned(file, host, port)]
    return f"{known_hosts_name(host, port)} presents {_listed(current)}; pinned is {_listed(expected)}"


def _listed(fingerprints: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(fingerprints)) or "nothing"


def _read(command: Sequence[str]) -> list[HostKey]:
    """Run an OpenSSH program and return the keys that it prints."""
    done = openssh.run(command, seconds=3 * SCAN_SECONDS)
    if done is None:
        return []
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("#", "@"))]
    return [HostKey(match["kind"], match["body"]) for line in lines if (match := _KEY.fullmatch(line))]
