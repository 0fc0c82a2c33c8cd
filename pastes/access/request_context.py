"""The caller of the request that a thread answers.

Permissions are checked where the work is done (permissions.py), so that no page and no dialect can forget them.
Therefore the caller is a context variable and is not handed from function to function. Commands and the worker run
without one and may do everything.
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
    """A request, the address of its caller, and its API token or the reason why that is refused.

    `exceeded` is the rate limit that wrong edit tokens of this request have exceeded. `shows_pastes` and
    `is_confidential` say what the response is about, and so which caches may store it.
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
    """Return the API token of the current request, if it has one."""
    context = current.get()
    return context.token if context else None


def mark_shows_pastes(*, confidential: bool = False) -> None:
    """Note that the response to the current request is about pastes, or about one that no cache may store."""
    context = current.get()
    if context is not None:
        context.shows_pastes = True
        context.is_confidential |= confidential


@contextmanager
def activate(context: RequestContext) -> Iterator[None]:
    """Let this thread answer a request inside the block."""
    reset_token = current.set(context)
    try:
        yield
    finally:
        current.reset(reset_token)
