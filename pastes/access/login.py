"""Whether the caller has logged in to the admin. Used only where a setting reserves an action for logins or tokens."""

from importlib import import_module

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest

_SAFE = {"GET", "HEAD"}


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


def _own_origins(request: HttpRequest) -> list[str]:
    return [f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS]
