"""Looks up the advice for an error by its code, which is what the database stores."""

from gitsync import remote_errors  # noqa: F401  (its classes are looked up among the subclasses)
from gitsync.errors import GitsyncError


def advice_for(code: str) -> str:
    """Return the advice for the error with this code, or an empty string for an unknown code."""
    kinds: list[type[GitsyncError]] = [GitsyncError]
    while kinds:
        kind = kinds.pop()
        if kind.code == code:
            return kind.advice
        kinds += kind.__subclasses__()
    return ""
