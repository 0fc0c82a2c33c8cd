"""Admin logins of callers. Only used where a setting restricts an action to callers with a login or token."""

from importlib import import_module

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.utils.translation import gettext

from pastes.errors import RefusedError

_SAFE = {"GET", "HEAD"}
#: The content types that a form on another site can send (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
_FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "", None}


def is_logged_in(request: HttpRequest) -> bool:
    """Return whether a request comes with a valid login.

    The API ignores cookies. Unsafe requests must come from a page of this site, since a page of another site could send
    them with the visitor's login.
    """
    secret = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not secret or request.path_info.startswith("/api/"):
        return False
    if request.method not in _SAFE and not is_from_own_page(request):
        return False
    admin_request = HttpRequest()  # Only the admin uses sessions; the request itself gets none.
    admin_request.session = import_module(settings.SESSION_ENGINE).SessionStore(secret)
    user = auth.get_user(admin_request)
    return user.is_authenticated and user.is_active


def is_from_own_page(request: HttpRequest) -> bool:
    """Return whether a page of this site sent the request, judging by its Origin header."""
    return request.headers.get("Origin") in _own_origins(request)


def is_from_foreign_page(request: HttpRequest) -> bool:
    """Return whether a page of another site sent the request, judging by its Origin header."""
    return "Origin" in request.headers and not is_from_own_page(request)


def refuse_foreign_form(request: HttpRequest) -> None:
    """Raise RefusedError if the request is a form sent by a page of another site.

    Such a form would be submitted from the visitor's address. Browsers send a preflight request before they send
    anything that a form cannot: other methods, content types and headers.
    """
    is_simple = request.method == "POST" and request.content_type in _FORM_TYPES and not _has_own_headers(request)
    is_foreign = request.headers.get("Sec-Fetch-Site") == "cross-site" or is_from_foreign_page(request)
    if is_simple and is_foreign:
        raise RefusedError("cross_site", gettext("This cannot be done from another site."), status=403)


def _has_own_headers(request: HttpRequest) -> bool:
    return "Authorization" in request.headers or "X-Requested-With" in request.headers


def _own_origins(request: HttpRequest) -> list[str]:
    return [f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS]
