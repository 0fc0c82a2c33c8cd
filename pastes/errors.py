"""The errors of pastes, the same for pages, API, dialects and commands."""

from django.utils.translation import gettext


class PastesError(Exception):
    """The root of this app's errors."""


class RefusedError(PastesError):
    """The request is refused. Nothing was stored.

    `code` is stable and for programs, `message` is for people; `status` is the HTTP status; `field` is the invalid
    field, `limit` its limit, and `file` the position of the invalid file, if there is one.
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
    """Several new keys in a row were taken. Trying again may work; a longer PASTEUR_KEY_LENGTH will."""


def incomplete() -> RefusedError:
    """Return the refusal of a body that is shorter than its Content-Length."""
    return RefusedError("incomplete", "The body is shorter than its Content-Length.", status=400)


def too_large(limit: int) -> RefusedError:
    """Return the refusal of a text or request above the limit, in bytes."""
    message = gettext("A paste may be at most %(limit)s bytes long.") % {"limit": limit}
    return RefusedError("too_large", message, status=413, field="files", limit=limit)
