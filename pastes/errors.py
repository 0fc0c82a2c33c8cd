"""What can be wrong with a paste, in one vocabulary for page, API, dialects and commands."""

from django.utils.translation import gettext


class PastesError(Exception):
    """The root of this app's errors."""


class RefusedError(PastesError):
    """The input cannot become a paste. Nothing was stored.

    `code` is stable and meant for programs, `message` for people; `status` is the HTTP status; `field` names the
    offending field where there is one, and `limit` is the number that it must not pass. Of several files, `file` is the
    position of the offending one.
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
    """Several fresh keys in a row were taken. Trying again may work; a longer PASTEUR_KEY_LENGTH will."""


def incomplete() -> RefusedError:
    """Return the refusal of a body that broke off."""
    return RefusedError("incomplete", "The body ended before its announced length.", status=400)


def too_large(limit: int) -> RefusedError:
    """The refusal of a text or request that is longer than a paste may be; `limit` in bytes."""
    message = gettext("A paste may have at most %(limit)s bytes.") % {"limit": limit}
    return RefusedError("too_large", message, status=413, field="files", limit=limit)
