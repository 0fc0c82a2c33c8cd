"""On whose behalf this thread answers a request.

Permissions are checked where the work is done (permissions.py), so that no page and no dialect can forget them; the
caller is therefore known to the thread instead of being handed from function to function. Commands and the worker run
without a caller and may do everything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from pastes.errors import RefusedError
from pastes.models import ApiToken


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the token that came with it, or why that token is refused."""

    request: HttpRequest
    token: ApiToken | None = None
    refused: RefusedError | None = None


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def caller() -> Caller | None:
    """Return for whom this thread acts; None outside of requests."""
    return _caller.get()


def token() -> ApiToken | None:
    """Return the API token of whom this thread acts for, if there is one."""
    known = _caller.get()
    return known.token if known else None


@contextmanager
def acting_for(caller: Caller) -> Iterator[None]:
    """Let this thread act for a caller meanwhile."""
    before = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(before)
