"""Host keys of SSH: those that a host shows, those that are pinned for it, and their fingerprints."""

import base64
import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Seconds that a host has to show its keys.
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


def known_as(host: str, port: int) -> str:
    """Return the name of a host in a file of known hosts."""
    return host if port == 22 else f"[{host}]:{port}"


def pinned(file: Path, host: str, port: int) -> list[HostKey]:
    """Return the keys that a file of known hosts has for a host, hashed names included."""
    return _read(["ssh-keygen", "-F", known_as(host, port), "-f", str(file)])


def shown(host: str, port: int) -> list[HostKey]:
    """Return the keys that a host shows; none when it cannot be reached. Whether they are its own, nobody knows."""
    kinds = "ed25519,ecdsa,rsa"
    return _read(["ssh-keyscan", "-T", str(SCAN_SECONDS), "-t", kinds, "-p", str(port), "--", host])


def difference(words: str, file: Path, host: str, port: int) -> str:
    """Return which fingerprints are pinned and which one the host shows, after SSH said in `words` that they differ."""
    found = FINGERPRINT.findall(words) or [key.fingerprint for key in shown(host, port)]
    ours = [key.fingerprint for key in pinned(file, host, port)]
    return f"{known_as(host, port)} shows {_listed(found)}; pinned is {_listed(ours)}"


def _listed(fingerprints: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(fingerprints)) or "nothing"


def _read(command: Sequence[str]) -> list[HostKey]:
    """Run a program of OpenSSH and return the keys that it prints."""
    clean = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=clean,
            timeout=3 * SCAN_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("#", "@"))]
    return [HostKey(match["kind"], match["body"]) for line in lines if (match := _KEY.fullmatch(line))]
