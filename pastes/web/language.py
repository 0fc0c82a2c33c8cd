"""The switch at the foot of every page: in which language it speaks."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from pastes.errors import RefusedError

_KEPT = timedelta(days=365)
_LONGEST_PATH = 2_000


def choose(request: HttpRequest) -> HttpResponse:
    """Keep a reader's choice in a cookie, which nobody gets who does not choose, and lead back to where they were."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise RefusedError("cross_site", gettext("Another site's page cannot do this."), status=403)
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise RefusedError("language", f"language must be one of {', '.join(dict(settings.LANGUAGES))}.", status=400)
    response = HttpResponseRedirect(_way_back(request.POST.get("next", "")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_KEPT,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def _way_back(path: str) -> str:
    """Return a path of this site; a link to another one is led to the first page."""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours and len(path) <= _LONGEST_PATH else "/"
