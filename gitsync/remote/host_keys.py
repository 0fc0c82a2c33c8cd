"""SSH host keys: those that a host shows, those pinned for it, and their fingerprints."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gitsync.remote import openssh

#: Seconds within which a host has to show its keys.
SCAN_SECONDS = 10
#: As OpenSSH writes it: a SHA-256 in Base64 without the padding.
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_KEY = re.compile(r"\S+ (?P<kind>[a-z0-9@.-]+) (?P<body>[A-Za-z0-9+/]+=*)( .*)?")


@dataclass(frozen=True)
class HostKey:
    """The public key of a host: its kind, and its body in Base64."""

    kind: str
    body: str

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as OpenSSH and forges show it."""
        digest = hashlib.sha256(base64.b64decode(self.body)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def known_hosts_name(host: str, port: int) -> str:
    """Return the name of a host in a file of known hosts."""
    return host if port == 22 else f"[{host}]:{port}"


def pinned(file: Path, host: str, port: int) -> list[HostKey]:
    """Return the keys that a file of known hosts has for a host, hashed names included."""
    return _read(["ssh-keygen", "-F", known_hosts_name(host, port), "-f", str(file)])


def scan(host: str, port: int) -> list[HostKey]:
    """Return the keys that a host shows, which are not authenticated; none when it cannot be reached."""
    kinds = "ed25519,ecdsa,rsa"
    return _read(["ssh-keyscan", "-T", str(SCAN_SECONDS), "-t", kinds, "-p", str(port), "--", host])


def difference(message: str, file: Path, host: str, port: int) -> str:
    """Return the fingerprints that the host shows, as in the `message` of SSH, and those that are pinned for it."""
    current = FINGERPRINT.findall(message) or [key.fingerprint for key in scan(host, port)]
    expected = [key.fingerprint for key in pinned(file, host, port)]
    return f"{known_hosts_name(host, port)} shows {_listed(current)}; pinned is {_listed(expected)}"


def _listed(fingerprints: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(fingerprints)) or "nothing"


def _read(command: Sequence[str]) -> list[HostKey]:
    """Run a program of OpenSSH and return the keys that it prints."""
    done = openssh.run(command, seconds=3 * SCAN_SECONDS)
    if done is None:
        return []
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("#", "@"))]
    return [HostKey(match["kind"], match["body"]) for line in lines if (match := _KEY.fullmatch(line))]
