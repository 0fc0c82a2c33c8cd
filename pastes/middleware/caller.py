"""Identify the caller of a request and refuse invalid API tokens."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from pastes.access import api_tokens, audiences, caller_rates, client_address, permissions, request_context
from pastes.access.request_context import RequestContext
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.limits import charges
from pastes.storage import database_errors

#: Paths that ignore API tokens: their `Authorization` header contains a different secret, or none.
_WITHOUT_TOKEN = ("/admin/", "/static/", "/metrics", "/healthz", "/readyz", "/hooks/")
#: The path where `Authorization` may also contain an edit token, which is checked by the view.
_WITH_EDIT_TOKEN = "/api/v3/gists"  # noqa: S105  (a path)
#: Headers that make a response one caller's own: secrets, and a part of a file.
_PERSONAL_HEADERS = ("Authorization", responses.TOKEN_HEADER, "Range")


class CallerMiddleware:
    """Set the request context, which contains the caller's address and API token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            context = _identify(request)
        except (OperationalError, InterfaceError) as exception:
            if database_errors.is_about_data(exception):
                raise
            return responses.unavailable(request, "The database is not responding. Please try again in a moment.")
        with request_context.activate(context):
            response = self.get_response(request)
        if context.shows_pastes:
            _limit_caching(response, context)
        if not request.path_info.startswith(_WITHOUT_TOKEN) and not _is_open():
            # A shared cache must not serve the response to other callers.
            patch_vary_headers(response, ["Authorization", "Cookie"])
            patch_cache_control(response, private=True)
        if context.shows_pastes and _is_for_everyone(request, response, context):
            # The second in which nginx may serve the response from its cache (docs/adr/0048).
            response.headers["X-Accel-Expires"] = f"@{int(time.time())}"
        if response.status_code == 401:
            error = ', error="invalid_token"' if context.refused else ""
            response.headers.setdefault("WWW-Authenticate", f'Bearer realm="Pasteur"{error}')  # RFC 6750
        return response

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponseBase | None:
        """Refuse an invalid token only after the rate limits have counted the request."""
        context = request_context.current.get()
        return responses.refusal(request, context.refused) if context and context.refused else None


def _identify(request: HttpRequest) -> RequestContext:
    context = RequestContext(request, client_address.find(request))
    secret = api_tokens.read(request)
    if secret is None or request.path_info.startswith(_WITHOUT_TOKEN):
        return context
    if request.path_info.startswith(_WITH_EDIT_TOKEN) and not secret.startswith(api_tokens.PREFIX):
        return context
    try:
        charged = caller_rates.charge_token(context)
        context.token = api_tokens.find(secret)
        charges.refund(charged)
    except RefusedError as error:
        context.refused = error
    return context


def _limit_caching(response: HttpResponseBase, context: RequestContext) -> None:
    """Prevent caches from storing responses about confidential pastes, and make them revalidate all others."""
    is_restricted = not audiences.parse(settings.PASTEUR_MAY_READ).anyone
    if context.is_confidential or is_restricted:
        response.headers["Cache-Control"] = "no-store"
    else:
        response.headers.setdefault("Cache-Control", "no-cache")


def _is_for_everyone(request: HttpRequest, response: HttpResponseBase, context: RequestContext) -> bool:
    """Return whether every other caller may get this response for a moment, instead of one of its own."""
    return (
        settings.PASTEUR_PROXIES > 0
        and request.method in {"GET", "HEAD"}
        and response.status_code == 200
        and not context.is_confidential
        and not response.cookies
        and not any(request.headers.get(name) for name in _PERSONAL_HEADERS)
        and not {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME} & request.COOKIES.keys()
        and _is_open()
    )


def _is_open() -> bool:
    """Return whether every action is open to anyone."""
    return all(audiences.parse(getattr(settings, name)).anyone for name in permissions.AUDIENCES.values())
