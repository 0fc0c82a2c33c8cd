"""Whether who calls has logged in to the admin. Asked only where a setting reserves something for those who have."""

from importlib import import_module

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest

_SAFE = {"GET", "HEAD"}


def is_logged_in(request: HttpRequest) -> bool:
    """Return whether a browser that has logged in sends this of itself.

    The API looks at no cookie. What changes something has to come from a page of this site: another one could send it
    in the name of who is logged in.
    """
    secret = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not secret or request.path_info.startswith("/api/"):
        return False
    if request.method not in _SAFE and not is_from_own_page(request):
        return False
    asked = HttpRequest()  # Sessions belong to the admin; the request itself stays without one.
    asked.session = import_module(settings.SESSION_ENGINE).SessionStore(secret)
    user = auth.get_user(asked)
    return user.is_authenticated and user.is_active


def is_from_own_page(request: HttpRequest) -> bool:
    """Return whether a browser says that a page of this site sends the request."""
    return request.headers.get("Origin") in _own_origins(request)


def is_from_foreign_page(request: HttpRequest) -> bool:
    """Return whether a browser says that a page of another site does."""
    return "Origin" in request.headers and not is_from_own_page(request)


def _own_origins(request: HttpRequest) -> list[str]:
    return [f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS]
