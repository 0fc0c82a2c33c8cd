"""The advice for the operator by the code of an error, as rows of the database have it."""

from gitsync import remote_errors  # noqa: F401  (its classes are looked up among the subclasses)
from gitsync.errors import GitsyncError


def advice_for(code: str) -> str:
    """Return the advice of the error with this code; the empty string for an unknown code."""
    kinds: list[type[GitsyncError]] = [GitsyncError]
    while kinds:
        kind = kinds.pop()
        if kind.code == code:
            return kind.advice
        kinds += kind.__subclasses__()
    return ""
