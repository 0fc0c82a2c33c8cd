"""On whose behalf this thread answers a request.

What a caller may do is asked for where it is done (access.py), so that no page and no dialect can forget it; who calls
is therefore known to the thread instead of being handed from function to function. Commands and the worker act for
nobody, and may do everything.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from pastes import answers, audiences, grants
from pastes.errors import RefusedError
from pastes.models import ApiToken

#: What may be reserved, and the setting that says for whom.
AUDIENCES = {"create": "PASTEUR_MAY_CREATE", "read": "PASTEUR_MAY_READ", "list": "PASTEUR_MAY_LIST"}
#: Where other secrets than API tokens are sent as `Authorization`, or none at all.
_OTHERS = ("/admin/", "/static/", "/metrics", "/healthz", "/readyz", "/hooks/")
#: Where edit tokens are sent as `Authorization` too: what is no API token there is for the view to look at.
_EDITING = "/api/v3/gists"


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
        if not request.path_info.startswith(_OTHERS) and not _is_open():
            # What one may read is not for who asks the same cache next.
            patch_vary_headers(response, ["Authorization", "Cookie"])
            patch_cache_control(response, private=True)
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
        return Caller(request)
    if request.path_info.startswith(_EDITING) and not secret.startswith(grants.PREFIX):
        return Caller(request)
    try:
        return Caller(request, token=grants.found(secret))
    except RefusedError as error:
        return Caller(request, refused=error)


def _is_open() -> bool:
    """Return whether nothing is reserved for anybody."""
    return all(audiences.parse(getattr(settings, name)).anyone for name in AUDIENCES.values())


def _challenge(known: Caller) -> str:
    """Return what a caller is told to show (RFC 6750)."""
    return 'Bearer realm="Pasteur"' + (', error="invalid_token"' if known.refused else "")
