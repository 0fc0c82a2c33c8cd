"""Guesses of edit tokens: each is paid for before it is made, wherever and in whatever words a token comes in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Payer(Protocol):
    """Pays for the guesses of one request."""

    def pay(self) -> None:
        """Pay for one. Raises RefusedError when there have been too many."""

    def refund(self) -> None:
        """Take back what was paid for the last one, which was right."""


_payer: ContextVar[Payer | None] = ContextVar("payer", default=None)


def payer() -> Payer | None:
    """Return who pays in this thread; None outside of requests, where nothing is counted."""
    return _payer.get()


@contextmanager
def paid_by(one: Payer) -> Iterator[None]:
    """Let somebody pay for all guesses meanwhile."""
    before = _payer.set(one)
    try:
        yield
    finally:
        _payer.reset(before)
