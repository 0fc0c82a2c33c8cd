"""The callback with which long operations report progress."""

from collections.abc import Callable

#: Called with the number of items done since the last call.
Progress = Callable[[int], object]


def unwatched(count: float) -> None:
    """Report no progress."""
