"""Addresses of Git remotes: which kinds there are, and nothing else gets through. Pure: no Git, no network."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.conf import settings

from gitsync.errors import MisconfiguredError

_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<path>[^:].*)")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+")
_USER = re.compile(r"[A-Za-z0-9_][\w.-]*")


@dataclass(frozen=True)
class Address:
    """A remote by path (`host` is empty) or by SSH. `url` is what Git is given."""

    url: str
    host: str = ""
    port: int = 22

    @property
    def is_network(self) -> bool:
        """Whether pushing to it crosses a network and costs somebody else something."""
        return bool(self.host)


def parse(text: str) -> Address:
    """Return the address written as an absolute path, as ssh://user@host:port/path or as user@host:path.

    Raises MisconfiguredError for everything else; a password in the text is never repeated.
    """
    if " " in text or not text.isprintable():
        raise MisconfiguredError("the address of a remote has no spaces and no control characters")
    if text.startswith("/"):
        return _path(text)
    if "://" in text:
        return _ssh_url(text)
    if scp := _SCP.fullmatch(text):
        if scp["user"] is None and "@" in scp["path"]:
            raise MisconfiguredError("an SSH address has no password; use a deploy key")
        user, host, path = scp["user"], scp["host"].strip("[]"), scp["path"]
        return _ssh(text, user, host, 22, path)
    raise MisconfiguredError("give an absolute path, ssh://user@host/path or user@host:path")


def configured() -> Address:
    """Return the address of GITSYNC_REMOTE. Raises MisconfiguredError."""
    return parse(settings.GITSYNC_REMOTE)


def push_interval() -> float:
    """Return the least seconds between the starts of two pushes: GITSYNC_PUSH_INTERVAL, or what suits the remote."""
    if settings.GITSYNC_PUSH_INTERVAL is not None:
        return float(settings.GITSYNC_PUSH_INTERVAL)
    return 10.0 if configured().is_network else 0.0


def _path(text: str) -> Address:
    if ".." in PurePosixPath(text).parts:
        raise MisconfiguredError("the path of a remote has no ..")
    return Address(url=text)


def _ssh_url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise MisconfiguredError("the address of the remote cannot be read") from None
    if not text.startswith("ssh://"):
        raise MisconfiguredError(f"remotes over {parts.scheme}:// are not supported; use SSH or an absolute path")
    if parts.password is not None:
        raise MisconfiguredError("an SSH address has no password; use a deploy key")
    if port == 0:
        raise MisconfiguredError("the address of the remote names no port")
    if parts.query or parts.fragment or not parts.path.strip("/"):
        raise MisconfiguredError("the address of the remote names no repository")
    return _ssh(text, parts.username, parts.hostname or "", port or 22, parts.path)


def _ssh(url: str, user: str | None, host: str, port: int, path: str) -> Address:
    if user is not None and not _USER.fullmatch(user):
        raise MisconfiguredError("the user in the address of the remote cannot be one")
    if not _HOST.fullmatch(host):
        raise MisconfiguredError("the host in the address of the remote cannot be one")
    if path.lstrip("/").startswith("-"):
        raise MisconfiguredError("the path of a remote does not start with a dash")
    return Address(url=url, host=host, port=port)
