"""The errors of this app, shared by pages, the API, dialects and commands."""

from django.utils.translation import gettext


class PastesError(Exception):
    """The base class of this app's errors."""


class RefusedError(PastesError):
    """The request was refused and nothing was stored.

    `code` is stable and machine-readable, `message` is human-readable, and `status` is the HTTP status. If applicable,
    `field` is the name of the invalid field, `limit` its limit, and `file` the position of the invalid file.
    """

    file: int | None = None

    def __init__(
        self, code: str, message: str, *, status: int = 422, field: str = "", limit: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.field = field
        self.limit = limit


class KeysExhaustedError(PastesError):
    """Several new keys in a row were taken. Retrying may help; increasing PASTEUR_KEY_LENGTH will."""


def incomplete() -> RefusedError:
    """Return the error for a body that is shorter than its Content-Length."""
    return RefusedError("incomplete", "The body is shorter than its Content-Length.", status=400)


def too_large(limit: int) -> RefusedError:
    """Return the error for content or a request that exceeds the limit, in bytes."""
    message = gettext("A paste may be at most %(limit)s bytes long.") % {"limit": limit}
    return RefusedError("too_large", message, status=413, field="files", limit=limit)
