"""Errors between the database and the remote, each with advice for the operator."""

from django.db import InterfaceError, OperationalError


class GitsyncError(Exception):
    """The root of this app's errors. `code` is short and stable; `advice` is the operator's next step."""

    code = "error"
    advice = "Look at the log of the worker."


class TransientError(GitsyncError):
    """Trying again later may work without an operator."""

    code = "transient"
    advice = "Nothing: the worker tries again by itself."


class RemoteMovedError(TransientError):
    """Another writer pushed first. Fetch, make the commits again on the new tip, push again."""

    code = "moved"


class RemoteLockedError(TransientError):
    """The branch cannot be moved, and no other writer moves it: a stale lock, or a full disk."""

    code = "locked"
    advice = "On the remote, check for a full or read-only disk, and remove a refs/heads/*.lock without a living owner."


class RemoteUnreachableError(TransientError):
    """The remote does not answer: no network, no such host, connection refused, or no such repository."""

    code = "unreachable"
    advice = "Check that the remote of GITSYNC_REMOTE exists and can be reached from this machine."


class NotGitError(RemoteUnreachableError):
    """The remote's address answers, but not as Git: a web page, a login page, a proxy. Nothing follows from it."""

    code = "not_git"
    advice = (
        "Open the address of GITSYNC_REMOTE with `git ls-remote`: a web page, a login page or a proxy answers in place "
        "of a Git server that speaks the smart protocol. The worker continues by itself when Git answers again."
    )


class RemoteTimeoutError(TransientError):
    """The remote took too long. The result of a push is unknown; the next drain fetches first."""

    code = "timeout"


class TooSoonError(TransientError):
    """Another worker has pushed meanwhile; the next push waits for its interval."""

    code = "too_soon"


class OutdatedError(TransientError):
    """Pastes were taken off the site while their commits were made, several times in a row. Nothing was pushed."""

    code = "outdated"


class CloneBrokenError(TransientError):
    """The worker's clone is broken. It is a cache, and is discarded and made again."""

    code = "clone"
    advice = "Nothing, unless it happens again: then check the disk of PASTEUR_DATA_DIR."


class DiskFullError(TransientError):
    """The disk of the worker's clone is full."""

    code = "disk"
    advice = "Free space on the disk of PASTEUR_DATA_DIR; the worker continues by itself."


class PermanentError(GitsyncError):
    """An operator has to act first. The worker still tries again from time to time."""

    code = "permanent"


class HostKeyMismatchError(PermanentError):
    """The remote shows a host key that is not pinned. Nothing was sent to it."""

    code = "host_key"
    advice = (
        "Compare the new fingerprint with the one that the forge publishes. If it is right, pin it with "
        "`./manage.py trust_host HOST --fingerprint SHA256:...`; if not, the connection is being intercepted."
    )


class CertificateError(PermanentError):
    """The certificate of the remote is not valid. Nothing was sent to it."""

    code = "certificate"
    advice = (
        "Renew the certificate of the remote, or name its authority in GITSYNC_HTTP_CA_FILE "
        "(by default, the system has to trust the authority)."
    )


class RemoteUnsupportedError(PermanentError):
    """The remote offers only the dumb HTTP protocol, or makes Git start one process after another."""

    code = "unsupported"
    advice = (
        "Let the web server of the remote run `git http-backend`, or use SSH or a path: a folder of static files can "
        "neither take pushes nor send parts of a repository. To restore or import, clone it yourself "
        "(git clone --mirror) and give the path of that clone."
    )


class AccessDeniedError(PermanentError):
    """The remote rejects the deploy key or the token, or lets it only read."""

    code = "denied"
    advice = (
        "Over SSH, add the public part of the deploy key to the repository, with write access. "
        "Over HTTPS, give GITSYNC_HTTP_TOKEN a token that may write to the repository."
    )


class RemoteRefusedError(PermanentError):
    """The remote rejected the push: branch protection, a hook, a limit."""

    code = "refused"
    advice = "Read the remote's message in the last error: a hook, branch protection or a limit rejects the push."


class RewriteRefusedError(RemoteRefusedError):
    """The remote rejects the rewritten history of a purge. All other work goes on."""

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
    """Others removed more pastes from the repository than the worker removes from the site unasked."""

    code = "removals"
    advice = (
        "Run `./manage.py read_from_git` with --accept-removals to remove them from the site, or with --undo-removals."
    )


class UnrelatedError(PermanentError):
    """The remote has a history without anything of this site, which has pushed before. Nothing was pushed."""

    code = "unrelated"
    advice = (
        "Check that GITSYNC_REMOTE is the right repository: it was replaced by another one. Restore the former one, or "
        "empty it; to push on top of its present content, run `./manage.py resync_git --adopt`."
    )


class BranchRenamedError(PermanentError):
    """The branch is gone from the remote, and another branch has its commits. It was not created again."""

    code = "renamed"
    advice = (
        "If the branch was renamed on the remote, set GITSYNC_BRANCH to its new name. To create it again under its old "
        "name, run `./manage.py resync_git --adopt`."
    )


class PushLostError(TransientError):
    """The remote accepted a push, and its branch is without it shortly afterwards. The changes are pending again."""

    code = "push_lost"
    advice = (
        "Find out what resets the branch on the remote: a hook, a mirror from another repository, a restored backup, a "
        "proxy that answers in place of the server. The worker tries again by itself, less and less often."
    )


class RemoteDamagedError(PermanentError):
    """Objects of the remote are corrupt or missing. It may still accept pushes, but cannot be cloned completely."""

    code = "damaged"
    advice = (
        "Check the disk. Make the default remote again from the database with `./manage.py resync_git "
        "--rebuild-remote`; restore another repository from its backup."
    )


class BranchMissingError(PermanentError):
    """The repository to read has branches, but not the requested one."""

    code = "branch"
    advice = "Name one of these branches: with --branch, or in GITSYNC_BRANCH for the configured remote."


class PurgeIncompleteError(PermanentError):
    """The rewritten history still has content of a purged paste. It was not pushed."""

    code = "purge"
    advice = "Remove the path in the error from the repository by hand."


class MisconfiguredError(PermanentError):
    """The settings of the mirror cannot work."""

    code = "settings"
    advice = "Run `./manage.py check` and follow its hints."


class UnexpectedError(TransientError):
    """An unexpected exception. The log of the worker has its traceback."""

    code = "unexpected"
    advice = (
        "The log of the worker has the traceback. The worker tries again by itself; if the error persists, it is a "
        "bug in Pasteur: report it with the traceback."
    )


class DatabaseAwayError(TransientError):
    """The database cannot be reached, or refuses writes for long."""

    code = "database"
    advice = "Check that the database runs and has free disk space; the worker continues by itself."


class BusyError(GitsyncError):
    """Another process is writing to the clone."""

    code = "busy"


class LockHeldError(BusyError):
    """Another process holds the lock of the clone and makes no progress: it is stopped, or its file system hangs."""

    code = "lock_held"
    advice = (
        "Look at the process in the error: continue it if it is stopped (`kill -CONT`), else end it. A process that "
        "cannot be ended waits for its disk or network file system."
    )


def meaning_of(error: Exception) -> GitsyncError:
    """Return a GitsyncError as it is, and any other exception as one with its type and first line."""
    if isinstance(error, GitsyncError):
        return error
    kind = DatabaseAwayError if isinstance(error, OperationalError | InterfaceError) else UnexpectedError
    first_line = str(error).strip().partition("\n")[0]
    return kind(f"{type(error).__name__}: {first_line}"[:500])


def advice_for(code: str) -> str:
    """Return the advice of the error with this code; the empty string for an unknown code."""
    kinds: list[type[GitsyncError]] = [GitsyncError]
    while kinds:
        kind = kinds.pop()
        if kind.code == code:
            return kind.advice
        kinds += kind.__subclasses__()
    return ""
