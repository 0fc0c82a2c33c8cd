"""Translates the error messages of Git and SSH into GitsyncErrors."""

import re
from collections.abc import Callable

from gitsync.errors import (
    AccessDeniedError,
    CertificateError,
    CloneBrokenError,
    DiskFullError,
    GitsyncError,
    HostKeyMismatchError,
    NotGitError,
    RemoteLockedError,
    RemoteMovedError,
    RemoteRefusedError,
    RemoteUnreachableError,
)
from gitsync.remote_errors import (
    ArchivedError,
    HashAlgorithmError,
    NoReceivePackError,
    RateLimitedError,
    RelocatedError,
    RemoteDiskFullError,
    StorageFormatError,
)
from gitsync.repository.process import NO_SPACE, Finished
from gitsync.repository.repository import Repository

_MAX_MESSAGE = 1_000

#: Messages from SSH and Git, and the errors they are translated to; the first match wins.
_MEANINGS: tuple[tuple[str, type[GitsyncError]], ...] = (
    (r"Host key verification failed|host key is known|HOST IDENTIFICATION HAS CHANGED", HostKeyMismatchError),
    (
        r"Permission denied|access denied|not authorized|Write access.*not granted|read.only|returned error: 40[13]"
        r"|Authentication failed|could not read (Username|Password)",
        AccessDeniedError,
    ),
    (
        r"info/refs not valid: is this a git repository|invalid server response|unable to update url base"
        r"|returned error: 30[237]",
        NotGitError,
    ),
    (r"[Ss][Ss][Ll] certificate|certificate verification failed|certificate subject name", CertificateError),
    (r"returned error: 413|Request Entity Too Large", RemoteRefusedError),
    (
        r"[Cc]onnection (refused|reset|closed|timed out)|resolve host|[Tt]imeout|No route|Network is",
        RemoteUnreachableError,
    ),
    (
        r"not appear to be a git repository|[Rr]epository not found|does not exist|not a git repo",
        RemoteUnreachableError,
    ),
)
#: Messages from a remote that does not accept any push, regardless of its content.
#: They are ignored if the branch was rejected, since a hook may quote any text from a visitor.
_OUTAGES: tuple[tuple[str, type[GitsyncError]], ...] = (
    (r"returned error: 429|too many requests|rate limit|requested too many times", RateLimitedError),
    (r"(repository|project|repo)\b.*\barchived|archived (repository|project|repo)\b", ArchivedError),
    (r"returned error: 30[18]|(repository|project) (has |was )?moved", RelocatedError),
    (r"mismatched algorithms|does not support this repository's hash algorithm", HashAlgorithmError),
    (r"unknown repository extension|Expected git repo version", StorageFormatError),
    (
        r"service not enabled|'?git[- ]receive-pack'?:? .*(not found|not recognized)"
        r"|'receive-pack' is not a git command|unrecognized command '?git-receive-pack",
        NoReceivePackError,
    ),
)
#: Messages about the clone itself, in lines that do not come from the remote.
_BROKEN = re.compile(
    r"bad object|object .*(corrupt|is empty|missing)|packfile|unable to read|[Cc]ould not read [0-9a-f]{40}|bad tree"
    r"|reference broken|bad config|bad ref|index-pack (failed|died|output)|inflate"
    r"|unresolved delta|not a valid object|pack has|invalid sha1 pointer"
)
#: Messages about a clone that cannot even start sending; the remote receives nothing, and rejects that.
_LOST = re.compile(r"^fatal: (bad object|not a git repository)", re.MULTILINE)
#: Messages from a remote with a full or broken disk, for which no change is to blame.
_REMOTE_FULL = re.compile(
    r"(No space left on device|Disk quota exceeded|Out of diskspace|Read-only file system|Input/output error"
    r"|Cannot allocate memory)\W*$",
    re.MULTILINE,
)
#: Messages about a branch that has moved. Git prints `[rejected] (non-fast-forward)` before it sends anything; if the
#: remote itself reports `non-fast-forward`, it does not allow replacing the history.
_MOVED = re.compile(
    r"stale info|fetch first|\[rejected\] \(non-fast-forward|failed to update ref|cannot lock ref|incorrect old value"
)


def meaning(command: str, finished: Finished, clone: Repository, *, mask: Callable[[str], str]) -> GitsyncError:
    """Return the error for a failed command, with the remote's message, from which `mask` removes the token."""
    refused = [line for line in finished.stdout.decode(errors="replace").splitlines() if line.startswith("!")]
    message = mask("\n".join([*refused, finished.stderr]).strip())[-_MAX_MESSAGE:]
    if refused and _LOST.search(finished.stderr):
        return CloneBrokenError(message)
    if refused and (outage := _REMOTE_FULL.search(message)):
        return (RemoteDiskFullError if NO_SPACE.search(outage[0]) else RemoteLockedError)(message)
    if refused:
        return RemoteMovedError(message) if _MOVED.search(refused[0]) else RemoteRefusedError(message)
    ours = "\n".join(line for line in message.splitlines() if not line.startswith("remote:"))
    if NO_SPACE.search(ours):
        return DiskFullError(message)
    if _BROKEN.search(ours) or re.search(rf"{re.escape(str(clone.path))}[/']", ours):
        return CloneBrokenError(message)
    if _REMOTE_FULL.search(message):
        return RemoteDiskFullError(message)
    for pattern, kind in _OUTAGES:
        if re.search(pattern, message, re.IGNORECASE):
            return kind(message)
    for pattern, kind in _MEANINGS:
        if re.search(pattern, message):
            return kind(message)
    return RemoteUnreachableError(message or f"git {command} ended with status {finished.status}")
