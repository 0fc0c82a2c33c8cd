"""On whose behalf this thread answers a request.

What a caller may do is asked for where it is done (access.py), so that no page and no dialect can forget it; who calls
is therefore known to the thread instead of being handed from function to function. Commands and the worker act for
nobody, and may do everything.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from pastes import answers, grants
from pastes.errors import RefusedError
from pastes.models import ApiToken

#: Where other secrets than API tokens are sent as `Authorization`, or none at all.
_OTHERS = ("/admin/", "/static/", "/metrics", "/healthz", "/readyz", "/hooks/")


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the token that came with it, or why that token is refused."""

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


class Acting:
    """Knows who calls while a request is answered; refuses who shows a token that is none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer on behalf of the caller."""
        try:
            known = _known(request)
        except (OperationalError, InterfaceError):
            return answers.unavailable(request, "The database does not answer. Please try again in a moment.")
        before = _caller.set(known)
        try:
            response = self.get_response(request)
        finally:
            _caller.reset(before)
        if response.status_code == 401:
            response.headers.setdefault("WWW-Authenticate", _challenge(known))
        return response

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponseBase | None:
        """Refuse a wrong token here, where the request has been counted already."""
        known = _caller.get()
        return answers.refusal(request, known.refused) if known and known.refused else None


def _known(request: HttpRequest) -> Caller:
    secret = grants.sent(request)
    if secret is None or request.path_info.startswith(_OTHERS):
        return Caller()
    try:
        return Caller(token=grants.found(secret))
    except RefusedError as error:
        return Caller(refused=error)


def _challenge(known: Caller) -> str:
    """Return what a caller is told to show (RFC 6750)."""
    return 'Bearer realm="Pasteur"' + (', error="invalid_token"' if known.refused else "")
