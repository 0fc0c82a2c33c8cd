"""What can go wrong between the database and the remote. `advice` says to the operator what to do."""

from django.db import InterfaceError, OperationalError


class GitsyncError(Exception):
    """The root of this app's errors. `code` is short and stable; `advice` is what an operator should do next."""

    code = "error"
    advice = "Look at the log of the worker."


class TransientError(GitsyncError):
    """Trying again later may work, without anybody doing anything."""

    code = "transient"
    advice = "Nothing: the worker tries again by itself."


class RemoteMovedError(TransientError):
    """Somebody else pushed first. Fetch, make the commits again on the new tip, push again."""

    code = "moved"


class RemoteLockedError(TransientError):
    """The branch cannot be moved, and nobody moves it: a lock that a dead process left, or a disk that is full."""

    code = "locked"
    advice = (
        "On the remote, see whether its disk is full or read-only, and remove a refs/heads/*.lock that nobody owns."
    )


class RemoteUnreachableError(TransientError):
    """The remote does not answer: no network, no such host, refused, or its repository is missing."""

    code = "unreachable"
    advice = "Check that the remote of GITSYNC_REMOTE exists and can be reached from this machine."


class RemoteTimeoutError(TransientError):
    """The remote took too long. What became of the push is unknown; the next drain looks at the remote first."""

    code = "timeout"


class TooSoonError(TransientError):
    """Somebody else has pushed meanwhile, and the next push has to wait for its time."""

    code = "too_soon"


class OutdatedError(TransientError):
    """While the commits were made, some of their pastes were taken off the site, time and again. Nothing was pushed."""

    code = "outdated"


class CloneBrokenError(TransientError):
    """The worker's own clone cannot be used. It is a cache: it is thrown away and made again."""

    code = "clone"
    advice = "Nothing, unless it comes back: then check the disk that holds PASTEUR_DATA_DIR."


class DiskFullError(TransientError):
    """There is no space left for the worker's own clone."""

    code = "disk"
    advice = "Free some space on the disk that holds PASTEUR_DATA_DIR; the worker goes on by itself."


class PermanentError(GitsyncError):
    """A person has to do something first. The worker still tries again, seldom, in case somebody did."""

    code = "permanent"


class HostKeyMismatchError(PermanentError):
    """The remote shows a host key that is not pinned. Nothing is sent to it."""

    code = "host_key"
    advice = (
        "Compare the fingerprint that is shown with the forge's own page. Right: pin it with "
        "`./manage.py trust_host HOST --fingerprint SHA256:...`. Wrong: somebody is in between."
    )


class CertificateError(PermanentError):
    """The remote shows a certificate that is not valid for it. Nothing is sent to it."""

    code = "certificate"
    advice = (
        "Renew the certificate of the remote, or name the file of who signed it in GITSYNC_HTTP_CA_FILE "
        "(without that, it has to be an authority that this system trusts)."
    )


class AccessDeniedError(PermanentError):
    """The remote does not let the deploy key or the token in, or lets it only read."""

    code = "denied"
    advice = (
        "Over SSH, add the public part of the deploy key to the repository, with write access. "
        "Over HTTPS, give GITSYNC_HTTP_TOKEN a token that may write to the repository."
    )


class RemoteRefusedError(PermanentError):
    """The remote answered and said no: branch protection, a hook, a limit."""

    code = "refused"
    advice = "Read the remote's words in the last error; a hook or a branch protection says no to the push."


class RewriteRefusedError(RemoteRefusedError):
    """The remote does not let the branch be moved to a history without what was purged. Everything else goes on."""

    code = "purge_refused"
    advice = (
        "Allow the deploy key or the token to force-push to this branch (on a forge, in its branch protection; in a "
        "repository of your own, receive.denyNonFastForwards and its hooks), then run `./manage.py purge` again, or "
        "press Push now in the admin. What was purged stays in the repository's history until then."
    )


class PartlyRefusedError(TransientError):
    """The remote does not take some of what was pushed. The next pushes find out which change it is."""

    code = "partly_refused"


class TooManyRemovedError(PermanentError):
    """Somebody has removed more pastes from the repository than anybody is likely to want gone from the site."""

    code = "removals"
    advice = "When they shall go, run `./manage.py read_from_git --accept-removals`; else add --undo-removals."


class BranchMissingError(PermanentError):
    """The repository that is to be read has branches, and not the one that was asked for."""

    code = "branch"
    advice = "Name one of these branches: with --branch, or in GITSYNC_BRANCH for the remote of the settings."


class PurgeIncompleteError(PermanentError):
    """A rewritten history still has something of a purged paste. It was not pushed."""

    code = "purge"
    advice = "Look at the path in the error; whatever has it there has to be taken out of the repository by hand."


class MisconfiguredError(PermanentError):
    """The settings of the mirror cannot work."""

    code = "settings"
    advice = "Run `./manage.py check` and follow its hints."


class UnexpectedError(TransientError):
    """Something that nobody has thought of. The log of the worker has its traceback."""

    code = "unexpected"
    advice = (
        "The log of the worker says where it happened. The worker tries again by itself; when it does not go away, "
        "it is a fault in Pasteur that should be reported with these lines."
    )


class DatabaseAwayError(TransientError):
    """The database cannot be reached, or does not let the worker write for long."""

    code = "database"
    advice = "Check that the database runs and has room on its disk; the worker goes on by itself."


class BusyError(GitsyncError):
    """Another process is writing to the clone right now."""

    code = "busy"


def meaning_of(error: Exception) -> GitsyncError:
    """Return an error of ours as it is, and of any other what is said to an operator: its kind and its first line."""
    if isinstance(error, GitsyncError):
        return error
    kind = DatabaseAwayError if isinstance(error, OperationalError | InterfaceError) else UnexpectedError
    words = str(error).strip().partition("\n")[0]
    return kind(f"{type(error).__name__}: {words}"[:500])


def advice_for(code: str) -> str:
    """Return the advice of the error with this code; the empty string when there is none."""
    waiting: list[type[GitsyncError]] = [GitsyncError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind.advice
        waiting += kind.__subclasses__()
    return ""
