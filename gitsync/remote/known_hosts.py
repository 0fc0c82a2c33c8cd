"""Derives the deploy key and pins the host keys for a remote over SSH, if the settings provide for it."""

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
    """Derive the deploy key from GITSYNC_SSH_SEED if its file is missing. Raises MisconfiguredError."""
    if not settings.GITSYNC_SSH_SEED or file.exists():
        return
    try:
        deploy_key.write(deploy_key.derive(settings.GITSYNC_SSH_SEED), file)
    except FileExistsError:
        return  # Another process has already written the same key.
    except OSError as error:
        raise MisconfiguredError(f"the deploy key {file} cannot be written: {error.strerror}") from None
    logger.info("the deploy key was derived: %s", deploy_key.read(file).line)


def ensure_pins(file: Path, host: str, port: int) -> None:
    """Pin a host's keys that match GITSYNC_SSH_HOST_FINGERPRINT, unless one of them is already pinned.

    Raise HostKeyMismatchError if the host presents none of them, RemoteUnreachableError if it presents no key at all.
    """
    named = settings.GITSYNC_SSH_HOST_FINGERPRINT
    if named and not (file.exists() and _matching(host_keys.pinned(file, host, port), named)):
        pin_fingerprints(file, host, port, named)


def pin_fingerprints(file: Path, host: str, port: int, named: Collection[str]) -> list[HostKey]:
    """Pin the keys that a host presents and that have one of these fingerprints, and return them.

    Raises the same errors as `ensure_pins`.
    """
    keys = host_keys.scan(host, port)
    if not keys:
        raise RemoteUnreachableError(f"{host_keys.known_hosts_name(host, port)} presents no host key")
    matching = _matching(keys, named)
    if not matching:
        current, expected = (", ".join(sorted(prints)) for prints in ({key.fingerprint for key in keys}, named))
        raise HostKeyMismatchError(
            f"{host_keys.known_hosts_name(host, port)} presents {current}, but {expected} is expected"
        )
    pin(file, host, port, matching)
    return matching


def pin(file: Path, host: str, port: int, keys: Collection[HostKey]) -> None:
    """Add a host's keys to a known hosts file, unless they are already in it. Raises MisconfiguredError."""
    pinned = host_keys.pinned(file, host, port) if file.exists() else []
    lines = [f"{host_keys.known_hosts_name(host, port)} {key.kind} {key.body}\n" for key in keys if key not in pinned]
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
    for key in keys:
        logger.info("pinned for %s: %s %s", host_keys.known_hosts_name(host, port), key.kind, key.fingerprint)


def _matching(keys: Collection[HostKey], named: Collection[str]) -> list[HostKey]:
    return [key for key in keys if key.fingerprint in named]
