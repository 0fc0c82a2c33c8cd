"""The page shown after creating a paste: its link, what happens to it and, only once, its edit link.

The edit token reaches this page in a signed cookie, because the URL may be shared and must not contain it. The page
replaces the cookie with one without the token, which distinguishes reloads by the author from readers with this URL.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from pastes.access import permissions
from pastes.http import responses
from pastes.http.methods import read_only
from pastes.lifecycle import mirror_copy
from pastes.models import Paste
from pastes.web.paste import find_to_change

_COOKIE = "created"
_SALT = "pastes.created"
#: How long the token is kept for the page, and how long the author can return to the page without it.
_TOKEN_AGE, _PAGE_AGE = timedelta(minutes=10), timedelta(hours=12)


def hand_over(request: HttpRequest, paste: Paste) -> HttpResponse:
    """Redirect the author of a new paste to this page, or return its path to a script that requests JSON."""
    path = _path(paste.key)
    response = JsonResponse({"path": path}, status=201) if responses.wants_json(request) else redirect(path)
    _set_cookie(response, paste.key, paste.token, _TOKEN_AGE)
    response.headers["Cache-Control"] = "no-store"
    return response


@read_only
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Show the page to the author, including the edit token the first time. Redirect all others to the paste."""
    token = _read_cookie(request, key)
    if token is None:
        return redirect(reverse("paste", args=[key]))  # Browsers preserve the fragment, which may contain the key.
    paste = find_to_change(key)
    link = responses.absolute_url(request, paste.get_absolute_url())
    is_secret = paste.burn or paste.encrypted
    is_shown = not is_secret and permissions.refusal_of("read") is None
    context = {
        "paste": paste,
        "files": paste.files if is_shown else [],
        "copy": mirror_copy.of(paste),
        "link": link,
        "token": token,
        # For such pastes, the forms can only delete.
        "edit_link": f"{link}{'/delete' if is_secret else ''}#token={token}",
    }
    response = render(request, "pastes/created.html", context)
    if token and request.method == "GET":
        _set_cookie(response, key, "", _PAGE_AGE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _path(key: str) -> str:
    return reverse("created", args=[key])


def _set_cookie(response: HttpResponse, key: str, token: str, age: timedelta) -> None:
    value = signing.dumps([key, token], salt=_SALT)
    response.set_cookie(
        _COOKIE, value, max_age=age, path=_path(key), secure=settings.IS_HTTPS, httponly=True, samesite="Lax"
    )


def _read_cookie(request: HttpRequest, key: str) -> str | None:
    """Return the token, which is empty if the page was shown before, or None if there is no valid cookie."""
    try:
        owner, token = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=_PAGE_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return token if owner == key else None
