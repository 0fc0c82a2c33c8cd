"""Identifies the caller of a request; refuses an API token that is none."""

from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from pastes.access import api_tokens, audiences, permissions
from pastes.access.request_context import Caller, acting_for, caller
from pastes.errors import RefusedError
from pastes.http import responses

#: Where other secrets than API tokens are sent as `Authorization`, or none at all.
_OTHERS = ("/admin/", "/static/", "/metrics", "/healthz", "/readyz", "/hooks/")
#: Where edit tokens are sent as `Authorization` too: what is no API token there is for the view to look at.
_EDITING = "/api/v3/gists"


class CallerMiddleware:
    """Knows who calls while a request is answered; refuses who shows a token that is none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer on behalf of the caller."""
        try:
            known = _known(request)
        except (OperationalError, InterfaceError):
            return responses.unavailable(request, "The database does not answer. Please try again in a moment.")
        with acting_for(known):
            response = self.get_response(request)
        if not request.path_info.startswith(_OTHERS) and not _is_open():
            # What one may read is not for who asks the same cache next.
            patch_vary_headers(response, ["Authorization", "Cookie"])
            patch_cache_control(response, private=True)
        if response.status_code == 401:
            response.headers.setdefault("WWW-Authenticate", _challenge(known))
        return response

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponseBase | None:
        """Refuse a wrong token here, where the request has been counted already."""
        known = caller()
        return responses.refusal(request, known.refused) if known and known.refused else None


def _known(request: HttpRequest) -> Caller:
    secret = api_tokens.sent(request)
    if secret is None or request.path_info.startswith(_OTHERS):
        return Caller(request)
    if request.path_info.startswith(_EDITING) and not secret.startswith(api_tokens.PREFIX):
        return Caller(request)
    try:
        return Caller(request, token=api_tokens.found(secret))
    except RefusedError as error:
        return Caller(request, refused=error)


def _is_open() -> bool:
    """Return whether nothing is reserved for anybody."""
    return all(audiences.parse(getattr(settings, name)).anyone for name in permissions.AUDIENCES.values())


def _challenge(known: Caller) -> str:
    """Return what a caller is told to show (RFC 6750)."""
    return 'Bearer realm="Pasteur"' + (', error="invalid_token"' if known.refused else "")
