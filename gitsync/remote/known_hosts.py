"""Gets key and pinned host of a remote over SSH in place, as far as the settings say how, before they are needed."""

import logging
import os
from collections.abc import Collection
from pathlib import Path

from django.conf import settings

from gitsync.errors import HostKeyMismatchError, MisconfiguredError, RemoteUnreachableError
from gitsync.remote import deploy_key, host_keys
from gitsync.remote.host_keys import HostKey

logger = logging.getLogger(__name__)


def ensure_key(file: Path) -> None:
    """Derive the deploy key from GITSYNC_SSH_SEED when its file is missing. Raises MisconfiguredError."""
    if not settings.GITSYNC_SSH_SEED or file.exists():
        return
    try:
        deploy_key.write(deploy_key.derive(settings.GITSYNC_SSH_SEED), file)
    except FileExistsError:
        return  # Another process was first, with the same key.
    except OSError as error:
        raise MisconfiguredError(f"the deploy key {file} cannot be written: {error.strerror}") from None
    logger.info("the deploy key was derived: %s", deploy_key.read(file).line)


def ensure_pins(file: Path, host: str, port: int) -> None:
    """Pin the keys of a host that GITSYNC_SSH_HOST_FINGERPRINT names, unless one of them is pinned already.

    Raises HostKeyMismatchError when the host shows none of them, RemoteUnreachableError when it shows nothing.
    """
    named = settings.GITSYNC_SSH_HOST_FINGERPRINT
    if named and not (file.exists() and _matching(host_keys.pinned(file, host, port), named)):
        pin_fingerprints(file, host, port, named)


def pin_fingerprints(file: Path, host: str, port: int, named: Collection[str]) -> list[HostKey]:
    """Ask a host for its keys, pin those with one of these fingerprints, and return them. Raises as `ensure_pins`."""
    found = host_keys.shown(host, port)
    if not found:
        raise RemoteUnreachableError(f"{host_keys.known_as(host, port)} shows no host key")
    right = _matching(found, named)
    if not right:
        theirs, ours = (", ".join(sorted(prints)) for prints in ({key.fingerprint for key in found}, named))
        raise HostKeyMismatchError(f"{host_keys.known_as(host, port)} shows {theirs}; expected is {ours}")
    pin(file, host, port, right)
    return right


def pin(file: Path, host: str, port: int, found: Collection[HostKey]) -> None:
    """Add keys of a host to a file of known hosts, those that are there already aside. Raises MisconfiguredError."""
    known = host_keys.pinned(file, host, port) if file.exists() else []
    lines = [f"{host_keys.known_as(host, port)} {key.kind} {key.body}\n" for key in found if key not in known]
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        before = file.read_text(encoding="utf-8", errors="surrogateescape")
        with file.open("a", encoding="utf-8") as hosts:
            hosts.write("" if not before or before.endswith("\n") else "\n")
            hosts.writelines(lines)
            hosts.flush()
            os.fsync(hosts.fileno())
    except OSError as error:
        raise MisconfiguredError(f"the known hosts {file} cannot be written: {error.strerror}") from None
    for key in found:
        logger.info("pinned for %s: %s %s", host_keys.known_as(host, port), key.kind, key.fingerprint)


def _matching(found: Collection[HostKey], named: Collection[str]) -> list[HostKey]:
    return [key for key in found if key.fingerprint in named]
