"""Errors of remotes that do not accept any push, regardless of its content. No paste is to blame."""

from gitsync.errors import AccessDeniedError, PermanentError, RemoteUnreachableError, TransientError


class RemoteDiskFullError(TransientError):
    """The remote's disk is full, or its quota is exhausted. No paste is to blame."""

    code = "remote_disk"
    advice = "Free space on the disk or in the quota of the remote; the worker continues automatically."


class RateLimitedError(RemoteUnreachableError):
    """The remote reports too many requests."""

    code = "rate_limited"
    advice = (
        "No action needed, unless it recurs: in that case, set a longer GITSYNC_PUSH_INTERVAL and "
        "GITSYNC_FETCH_INTERVAL."
    )


class ArchivedError(PermanentError):
    """The repository is archived on its forge and can only be read."""

    code = "archived"
    advice = "Unarchive the repository on its forge, or set GITSYNC_REMOTE to a different one."


class HashAlgorithmError(PermanentError):
    """The remote is a SHA-256 repository; the mirror uses SHA-1."""

    code = "hash_algorithm"
    advice = "Recreate the remote with `git init --bare --object-format=sha1`."


class StorageFormatError(PermanentError):
    """The remote at a path uses a storage format, such as reftable, that the installed Git cannot read."""

    code = "storage_format"
    advice = (
        "Upgrade Git on this machine, or recreate the remote with `git init --bare --ref-format=files`; "
        "it was created by a newer version."
    )


class RelocatedError(RemoteUnreachableError):
    """The repository has moved to a new address. Nothing was sent there, because it may belong to someone else."""

    code = "relocated"
    advice = "Set GITSYNC_REMOTE to the new address, after checking that the repository there is yours."


class NoReceivePackError(AccessDeniedError):
    """The server does not offer `git receive-pack`, only fetches."""

    code = "no_receive_pack"
    advice = (
        "Let the server accept pushes: `git config http.receivepack true` in a repository behind `git http-backend`, "
        "`git daemon --enable=receive-pack`, or an account over SSH that may run git-receive-pack."
    )
