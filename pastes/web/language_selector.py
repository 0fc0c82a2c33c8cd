"""The language selector in the footer of every page."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from pastes.errors import RefusedError
from pastes.rules.site_path import site_path

_COOKIE_AGE = timedelta(days=365)
_MAX_PATH_LENGTH = 2_000


def choose(request: HttpRequest) -> HttpResponse:
    """Store the choice in a cookie and redirect back. Readers who do not choose a language get no cookie."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise RefusedError("cross_site", gettext("This cannot be done from another site."), status=403)
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise RefusedError("language", f"language must be one of {', '.join(dict(settings.LANGUAGES))}.", status=400)
    response = HttpResponseRedirect(_safe_path(request.POST.get("next", "")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def _safe_path(path: str) -> str:
    """Return the path if it is on this site, and the path of the home page otherwise."""
    is_local = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_local and len(path) <= _MAX_PATH_LENGTH else site_path("/")
