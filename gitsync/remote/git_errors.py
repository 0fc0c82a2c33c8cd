"""What a remote's answers mean: whether to try again, and what the operator has to do."""

import re
from collections.abc import Callable

from gitsync.errors import (
    AccessDeniedError,
    CertificateError,
    CloneBrokenError,
    DiskFullError,
    GitsyncError,
    HostKeyMismatchError,
    RemoteMovedError,
    RemoteRefusedError,
    RemoteUnreachableError,
)
from gitsync.repository.process import NO_SPACE, Finished
from gitsync.repository.repository import Repository

_WORDS_KEPT = 1_000

#: What SSH and Git say, and what it means; the first that matches counts.
_MEANINGS: tuple[tuple[str, type[GitsyncError]], ...] = (
    (r"Host key verification failed|host key is known|HOST IDENTIFICATION HAS CHANGED", HostKeyMismatchError),
    (
        r"Permission denied|access denied|not authorized|Write access.*not granted|read.only|returned error: 40[13]"
        r"|Authentication failed|could not read (Username|Password)|service not enabled",
        AccessDeniedError,
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
#: What Git says of the clone itself, in lines that are not the remote's.
_BROKEN = re.compile(
    r"bad object|object .*(corrupt|is empty|missing)|packfile|unable to read|[Cc]ould not read [0-9a-f]{40}|bad tree"
    r"|reference broken|bad config|bad ref|index-pack (failed|died|output)|inflate"
    r"|unresolved delta|not a valid object|pack has|invalid sha1 pointer"
)
#: What Git says of the clone when it cannot even begin to send; the remote, which got nothing, then refuses that.
_LOST = re.compile(r"^fatal: (bad object|not a git repository)", re.MULTILINE)
#: What says that somebody else was faster. A remote that says `non-fast-forward` itself compares with what it has, and
#: denies that a history is replaced; Git says it here, before anything is sent, of a branch that has moved.
_MOVED = re.compile(
    r"stale info|fetch first|\[rejected\] \(non-fast-forward|failed to update ref|cannot lock ref|incorrect old value"
)


def meaning(command: str, finished: Finished, clone: Repository, *, mask: Callable[[str], str]) -> GitsyncError:
    """Return what a failed command means, with the remote's own words, in which `mask` hides our secrets."""
    refused = [line for line in finished.stdout.decode(errors="replace").splitlines() if line.startswith("!")]
    words = mask("\n".join([*refused, finished.stderr]).strip())[-_WORDS_KEPT:]
    if refused and _LOST.search(finished.stderr):
        return CloneBrokenError(words)
    if refused:
        return RemoteMovedError(words) if _MOVED.search(refused[0]) else RemoteRefusedError(words)
    ours = "\n".join(line for line in words.splitlines() if not line.startswith("remote:"))
    if NO_SPACE.search(ours):
        return DiskFullError(words)
    if _BROKEN.search(ours) or re.search(rf"{re.escape(str(clone.path))}[/']", ours):
        return CloneBrokenError(words)
    for pattern, kind in _MEANINGS:
        if re.search(pattern, words):
            return kind(words)
    return RemoteUnreachableError(words or f"git {command} ended with status {finished.status}")
