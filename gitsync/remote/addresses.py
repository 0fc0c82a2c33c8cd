"""Parses the addresses of Git remotes, and rejects all other kinds. Pure: no Git, no network."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from gitsync.errors import MisconfiguredError

_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<path>[^:].*)")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+")
_USER = re.compile(r"[A-Za-z0-9_][\w.-]*")
_PORTS = {"ssh": 22, "https": 443, "http": 80, "git": 9418}
#: Hosts where cloud providers serve a machine's own secrets.
_METADATA_HOSTS = {"metadata.google.internal", "metadata.goog", "metadata", "instance-data"}
_METADATA_ADDRESSES = {ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")}


@dataclass(frozen=True)
class Address:
    """The address of a remote: a path (`host` is empty), SSH, HTTP(S) or git://. `url` is passed to Git as it is."""

    url: str
    host: str = ""
    port: int = 22

    @property
    def is_network(self) -> bool:
        """Whether a push crosses a network."""
        return bool(self.host)

    @property
    def transport(self) -> str:
        """The transport in Git's terms: file, ssh, https, http or git."""
        if not self.host:
            return "file"
        return urlsplit(self.url).scheme if "://" in self.url else "ssh"

    @property
    def place(self) -> tuple[str, str, int]:
        """The transport, host and port, without the repository."""
        return self.transport, self.host.lower().rstrip("."), self.port

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        if self.host == "localhost":
            return True
        numeric = _numeric(self.host)
        return numeric is not None and numeric.is_loopback


def parse(text: str) -> Address:
    """Parse an address given as an absolute path, as user@host:path, or as an ssh, https, http or git URL.

    Raise MisconfiguredError for anything else; its message never repeats a password.
    """
    if " " in text or not text.isprintable():
        raise MisconfiguredError("the address of a remote cannot contain spaces or control characters")
    if text.startswith("/"):
        return _path(text)
    if "://" in text:
        return _url(text)
    if scp := _SCP.fullmatch(text):
        if scp["user"] is None and "@" in scp["path"]:
            raise MisconfiguredError("an SSH address cannot contain a password; use a deploy key")
        user, host, path = scp["user"], scp["host"].strip("[]"), scp["path"]
        return _network(text, user, host, 22, path)
    raise MisconfiguredError("give an absolute path, ssh://user@host/path, user@host:path or https://host/path")


def configured() -> Address:
    """Return the address of GITSYNC_REMOTE. Raises MisconfiguredError."""
    return parse(settings.GITSYNC_REMOTE)


def push_interval() -> float:
    """Return the seconds between two pushes: GITSYNC_PUSH_INTERVAL, or a default for the kind of remote."""
    if settings.GITSYNC_PUSH_INTERVAL is not None:
        return float(settings.GITSYNC_PUSH_INTERVAL)
    return 10.0 if configured().is_network else 0.0


def fetch_interval() -> float | None:
    """Return the seconds between two fetches: GITSYNC_FETCH_INTERVAL, or a default for the kind of remote.

    0 means only on request. None means never, because nothing is imported.
    """
    if not settings.GITSYNC_READ_BACK:
        return None
    if settings.GITSYNC_FETCH_INTERVAL is not None:
        return float(settings.GITSYNC_FETCH_INTERVAL)
    return 60.0 if configured().is_network else 10.0


def _path(text: str) -> Address:
    if ".." in PurePosixPath(text).parts:
        raise MisconfiguredError("the path of a remote cannot contain ..")
    return Address(url=text)


def _url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise MisconfiguredError("the address of the remote cannot be parsed") from None
    if not text.startswith(f"{parts.scheme}://") or parts.scheme not in _PORTS:
        raise MisconfiguredError(f"remotes over {parts.scheme}:// are not supported; use ssh, https, git or a path")
    _refuse_secrets(parts)
    if port == 0:
        raise MisconfiguredError("the address of the remote contains an invalid port")
    if parts.query or parts.fragment or not parts.path.strip("/"):
        raise MisconfiguredError("the address of the remote does not contain a repository")
    if parts.scheme != "ssh" and ".." in parts.path.split("/"):
        raise MisconfiguredError("the path of a remote cannot contain ..")
    return _network(text, parts.username, parts.hostname or "", port or _PORTS[parts.scheme], parts.path)


def _refuse_secrets(parts: SplitResult) -> None:
    if parts.scheme == "ssh":
        if parts.password is not None:
            raise MisconfiguredError("an SSH address cannot contain a password; use a deploy key")
    elif "@" in parts.netloc:
        hint = "; use GITSYNC_HTTP_USER and GITSYNC_HTTP_TOKEN" if parts.scheme != "git" else ""
        raise MisconfiguredError(f"this kind of address cannot contain a user, password or token{hint}")


def _network(url: str, user: str | None, host: str, port: int, path: str) -> Address:
    if user is not None and not _USER.fullmatch(user):
        raise MisconfiguredError("the user in the address of the remote is invalid")
    if not _HOST.fullmatch(host):
        raise MisconfiguredError("the host in the address of the remote is invalid")
    if _is_metadata(host):
        raise MisconfiguredError("the host in the address of the remote serves this machine's own secrets")
    if path.lstrip("/").startswith("-"):
        raise MisconfiguredError("the path of a remote cannot start with a dash")
    return Address(url=url, host=host, port=port)


def _is_metadata(host: str) -> bool:
    """Return whether a host is a cloud provider's metadata service; these are link-local or well known."""
    numeric = _numeric(host)
    if numeric is None:
        return host.lower().rstrip(".") in _METADATA_HOSTS
    return numeric.is_link_local or numeric.is_unspecified or numeric in _METADATA_ADDRESSES


def _numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a host is given as, in any notation the system accepts, or None for a name."""
    try:
        address = ipaddress.ip_address(host if ":" in host else socket.inet_aton(host.rstrip(".")))
    except (OSError, ValueError):
        return None  # A name.
    return getattr(address, "ipv4_mapped", None) or address
