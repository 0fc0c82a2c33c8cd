"""The mirror's errors, each with advice for the operator."""

import re

from django.db import InterfaceError, OperationalError

from pastes.storage import database_errors

#: Characters that control a terminal or reorder text: control characters except line feed and tab, and directional and
#: zero-width characters.
_UNSAFE = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def neutralize(text: str) -> str:
    """Make text from a remote safe for the operator's terminal by replacing unsafe characters with their codes."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE.sub(lambda match: f"[U+{ord(match[0]):04X}]", lines)


class GitsyncError(Exception):
    """Base class of this app's errors. `code` is a stable identifier; `advice` tells the operator what to do."""

    code = "error"
    advice = "Check the worker's log."

    def __init__(self, message: str = "") -> None:
        super().__init__(neutralize(message))


class TransientError(GitsyncError):
    """Base class of errors that a retry may resolve without an operator."""

    code = "transient"
    advice = "No action needed; the worker retries automatically."


class RemoteMovedError(TransientError):
    """Another writer pushed first. The worker fetches, recreates the commits on the new tip, and pushes again."""

    code = "moved"


class RemoteLockedError(TransientError):
    """The branch cannot be updated, although no other writer is updating it: a stale lock, or a full disk."""

    code = "locked"
    advice = (
        "On the remote, check for a full or read-only disk, and remove any stale refs/heads/*.lock whose process no "
        "longer runs."
    )


class RemoteUnreachableError(TransientError):
    """The remote does not respond: no network, unknown host, connection refused, or no such repository."""

    code = "unreachable"
    advice = "Check that the remote in GITSYNC_REMOTE exists and can be reached from this machine."


class NotGitError(RemoteUnreachableError):
    """The address responds, but not as a Git server: a web page, a login page, or a proxy. Its content is ignored."""

    code = "not_git"
    advice = (
        "Try `git ls-remote` on the address in GITSYNC_REMOTE: a web page, a login page or a proxy responds instead "
        "of a Git server with the smart protocol. The worker continues automatically once Git answers again."
    )


class RemoteTimeoutError(TransientError):
    """The remote took too long. The result of a push is unknown; the next drain fetches first."""

    code = "timeout"


class TooSoonError(TransientError):
    """Another worker has pushed in the meantime; the next push waits until its interval has passed."""

    code = "too_soon"


class PastesChangedError(TransientError):
    """Pastes were repeatedly removed from the site while their commits were created. Nothing was pushed."""

    code = "outdated"


class CloneBrokenError(TransientError):
    """The worker's clone is broken. It is a cache, and is discarded and recreated."""

    code = "clone"
    advice = "No action needed, unless it recurs: in that case, check the disk of PASTEUR_DATA_DIR."


class DiskFullError(TransientError):
    """The disk that holds the worker's clone is full."""

    code = "disk"
    advice = "Free space on the disk of PASTEUR_DATA_DIR; the worker continues automatically."


class PermanentError(GitsyncError):
    """Base class of errors that an operator must resolve. The worker still retries from time to time."""

    code = "permanent"


class HostKeyMismatchError(PermanentError):
    """The remote presents a host key that is not pinned. Nothing was sent to it."""

    code = "host_key"
    advice = (
        "Compare the new fingerprint with the one that the forge publishes. If they match, pin it with "
        "`./manage.py trust_host HOST --fingerprint SHA256:...`; if not, the connection is being intercepted."
    )


class CertificateError(PermanentError):
    """The remote's certificate is not valid. Nothing was sent to it."""

    code = "certificate"
    advice = (
        "Renew the certificate of the remote, or set GITSYNC_HTTP_CA_FILE to its CA certificate "
        "(by default, the system has to trust the CA)."
    )


class RemoteUnsupportedError(PermanentError):
    """The remote offers only the dumb HTTP protocol, or makes Git start more and more processes."""

    code = "unsupported"
    advice = (
        "Let the web server of the remote run `git http-backend`, or use SSH or a path: a folder of static files can "
        "neither take pushes nor send parts of a repository. To restore or import, clone it yourself "
        "(git clone --mirror) and give the path of that clone."
    )


class AccessDeniedError(PermanentError):
    """The remote rejects the deploy key or token, or grants only read access."""

    code = "denied"
    advice = (
        "Over SSH, add the public part of the deploy key to the repository, with write access. "
        "Over HTTPS, set GITSYNC_HTTP_TOKEN to a token with write access to the repository; your own server "
        "may also lack `git config http.receivepack true`."
    )


class RemoteRefusedError(PermanentError):
    """The remote rejected the push because of branch protection, a hook, or a limit."""

    code = "refused"
    advice = "Read the remote's message in the last error: a hook, branch protection or a limit rejects the push."


class RewriteRefusedError(RemoteRefusedError):
    """The remote rejects the history rewritten by a purge. All other work continues."""

    code = "purge_refused"
    advice = (
        "Let the deploy key or the token force-push to this branch (on a forge, in its branch protection; in your own "
        "repository, receive.denyNonFastForwards and hooks), then run `./manage.py purge` again, or press Push now in "
        "the admin. The purged content stays in the repository's history until then."
    )


class PartlyRefusedError(TransientError):
    """The remote rejected some of the changes. The next pushes find out which."""

    code = "partly_refused"


class TooManyRemovedError(PermanentError):
    """Others removed more pastes from the repository than the worker may remove from the site without confirmation."""

    code = "removals"
    advice = (
        "Run `./manage.py read_from_git` with --accept-removals to remove them from the site, or with --undo-removals."
    )


class UnrelatedError(PermanentError):
    """The remote does not contain this site's history, although the site has pushed before. Nothing was pushed."""

    code = "unrelated"
    advice = (
        "Check that GITSYNC_REMOTE is the right repository: it was replaced by another one. Restore the previous one, "
        "or empty it; to push on top of its current content, run `./manage.py resync_git --adopt`."
    )


class BranchRenamedError(PermanentError):
    """The branch no longer exists on the remote, but another branch has its commits. It was not recreated."""

    code = "renamed"
    advice = (
        "If the branch was renamed on the remote, set GITSYNC_BRANCH to its new name. To recreate it under its old "
        "name, run `./manage.py resync_git --adopt`."
    )


class PushLostError(TransientError):
    """The remote accepted a push, but its branch no longer contains it. The changes are pending again."""

    code = "push_lost"
    advice = (
        "Find out what resets the branch on the remote: a hook, a mirror from another repository, a restored backup, a "
        "proxy that responds instead of the server. The worker retries automatically, at increasing intervals."
    )


class RemoteDamagedError(PermanentError):
    """Objects on the remote are corrupt or missing. It may still accept pushes, but cannot be cloned completely."""

    code = "damaged"
    advice = (
        "Check the disk. Recreate the default remote from the database with `./manage.py resync_git "
        "--rebuild-remote`; restore another repository from its backup."
    )


class BranchMissingError(PermanentError):
    """The repository to read has branches, but not the requested one."""

    code = "branch"
    advice = "Choose one of these branches with --branch, or with GITSYNC_BRANCH for the configured remote."


class PurgeIncompleteError(PermanentError):
    """The rewritten history still contains content of a purged paste. It was not pushed."""

    code = "purge"
    advice = "Manually remove the path in the error from the repository."


class MisconfiguredError(PermanentError):
    """The mirror's settings are invalid."""

    code = "settings"
    advice = "Run `./manage.py check` and follow its hints."


class UnexpectedError(TransientError):
    """An unexpected exception. Its traceback is in the worker's log."""

    code = "unexpected"
    advice = (
        "The traceback is in the worker's log. The worker retries automatically; if the error persists, it is a bug in "
        "Pasteur: report it with the traceback."
    )


class DatabaseUnavailableError(TransientError):
    """The database cannot be reached, or keeps refusing writes."""

    code = "database"
    advice = "Check that the database runs and has free disk space; the worker continues automatically."


class BusyError(GitsyncError):
    """Another process is writing to the clone."""

    code = "busy"


class LockHeldError(BusyError):
    """Another process holds the clone's lock and makes no progress: it is stopped, or its file system hangs."""

    code = "lock_held"
    advice = (
        "Check the process in the error: continue it if it is stopped (`kill -CONT`), otherwise terminate it. A "
        "process that cannot be terminated is waiting for its disk or network file system."
    )


def as_gitsync_error(error: Exception) -> GitsyncError:
    """Return a GitsyncError unchanged; wrap any other exception in one, with its type and first line."""
    if isinstance(error, GitsyncError):
        return error
    is_away = isinstance(error, OperationalError | InterfaceError) and not database_errors.is_about_data(error)
    kind = DatabaseUnavailableError if is_away else UnexpectedError
    first_line = str(error).strip().partition("\n")[0]
    return kind(f"{type(error).__name__}: {first_line}"[:500])
