"""The caller of the request that the current thread is handling.

Permissions are checked where the work is done (permissions.py) so that no page or dialect can forget to check them. The
caller is therefore stored in a context variable instead of being passed from function to function. Commands and the
worker have no caller and may do everything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from pastes.access.audiences import IPAddress
from pastes.errors import RefusedError
from pastes.limits.charges import Charge
from pastes.models import ApiToken


@dataclass
class RequestContext:
    """A request, the address of its caller, and its API token or the error if the token was refused.

    `exceeded` is the rate limit that was exceeded by wrong edit tokens. `shows_pastes` and `is_confidential` determine
    which caches may store the response.
    """

    request: HttpRequest
    address: IPAddress | None = None
    token: ApiToken | None = None
    refused: RefusedError | None = None
    exceeded: Charge | None = None
    shows_pastes: bool = False
    is_confidential: bool = False


#: None outside of requests.
current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def token() -> ApiToken | None:
    """Return the API token of the current request, or None."""
    context = current.get()
    return context.token if context else None


def mark_shows_pastes(*, confidential: bool = False) -> None:
    """Record that the response is about pastes and, if `confidential`, that no cache may store it."""
    context = current.get()
    if context is not None:
        context.shows_pastes = True
        context.is_confidential |= confidential


@contextmanager
def activate(context: RequestContext) -> Iterator[None]:
    """Make `context` the current request context inside the block."""
    reset_token = current.set(context)
    try:
        yield
    finally:
        current.reset(reset_token)
