"""Errors of remotes that accept no push, whatever is in it. No paste is to blame."""

from gitsync.errors import AccessDeniedError, PermanentError, RemoteUnreachableError, TransientError


class RemoteDiskFullError(TransientError):
    """The disk of the remote is full. No paste is to blame."""

    code = "remote_disk"
    advice = "Free space on the disk or in the quota of the remote; the worker continues automatically."


class RateLimitedError(RemoteUnreachableError):
    """The remote answers that there were too many requests."""

    code = "rate_limited"
    advice = (
        "No action needed, unless it recurs: in that case, set a longer GITSYNC_PUSH_INTERVAL and "
        "GITSYNC_FETCH_INTERVAL."
    )


class ArchivedError(PermanentError):
    """The repository is archived on its forge: it can only be read."""

    code = "archived"
    advice = "Unarchive the repository on its forge, or name another one in GITSYNC_REMOTE."


class HashAlgorithmError(PermanentError):
    """The remote is a SHA-256 repository; the mirror is in SHA-1."""

    code = "hash_algorithm"
    advice = "Create the remote again with `git init --bare --object-format=sha1`."


class StorageFormatError(PermanentError):
    """The remote at a path has a storage format, such as reftable, that this Git cannot read."""

    code = "storage_format"
    advice = (
        "Upgrade Git on this machine, or create the remote again with `git init --bare --ref-format=files`; "
        "a newer Git made it."
    )


class RelocatedError(RemoteUnreachableError):
    """The repository has another address now. Nothing was sent there: its owner may be another one."""

    code = "relocated"
    advice = "Set GITSYNC_REMOTE to the new address, after checking that the repository there is yours."


class NoReceivePackError(AccessDeniedError):
    """The server offers no `git receive-pack`: it serves fetches only."""

    code = "no_receive_pack"
    advice = (
        "Let the server accept pushes: `git config http.receivepack true` in a repository behind `git http-backend`, "
        "`git daemon --enable=receive-pack`, or an account over SSH that may run git-receive-pack."
    )
