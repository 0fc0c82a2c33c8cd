"""Whether the caller has logged in to the admin. Used only where a setting reserves an action for logins or tokens."""

from importlib import import_module

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.utils.translation import gettext

from pastes.errors import RefusedError

_SAFE = {"GET", "HEAD"}
#: The types that a form of another site can have, and no type (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
_FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "", None}


def is_logged_in(request: HttpRequest) -> bool:
    """Return whether a request has a valid login.

    The API uses no cookies. An unsafe request must come from a page of this site, since the page of another site could
    send it with the visitor's login.
    """
    secret = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not secret or request.path_info.startswith("/api/"):
        return False
    if request.method not in _SAFE and not is_from_own_page(request):
        return False
    admin_request = HttpRequest()  # Sessions are for the admin only; the request itself stays without one.
    admin_request.session = import_module(settings.SESSION_ENGINE).SessionStore(secret)
    user = auth.get_user(admin_request)
    return user.is_authenticated and user.is_active


def is_from_own_page(request: HttpRequest) -> bool:
    """Return whether a page of this site sends the request, by its Origin."""
    return request.headers.get("Origin") in _own_origins(request)


def is_from_foreign_page(request: HttpRequest) -> bool:
    """Return whether a page of another site sends the request, by its Origin."""
    return "Origin" in request.headers and not is_from_own_page(request)


def refuse_foreign_form(request: HttpRequest) -> None:
    """Raise RefusedError for a form that a page of another site sends with its visitor's address.

    Browsers ask this site before they send what no form can send: other methods, types and headers.
    """
    is_simple = request.method == "POST" and request.content_type in _FORM_TYPES and not _has_own_headers(request)
    is_foreign = request.headers.get("Sec-Fetch-Site") == "cross-site" or is_from_foreign_page(request)
    if is_simple and is_foreign:
        raise RefusedError("cross_site", gettext("This cannot be done from another site."), status=403)


def _has_own_headers(request: HttpRequest) -> bool:
    return "Authorization" in request.headers or "X-Requested-With" in request.headers


def _own_origins(request: HttpRequest) -> list[str]:
    return [f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS]
