"""The language of pages: the one chosen by the reader, or else the one preferred by the browser.

Pastes, feeds, the API and responses to programs do not depend on the language, and their messages are in English.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from pastes.http import responses

#: Paths that are always in English: the API, whose errors end up in logs, and the admin, which is not translated.
_ENGLISH = ("/api/", "/admin/")


class PageLanguageMiddleware:
    """Activate the language from the cookie or Accept-Language for page requests, and set Vary."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(_ENGLISH):
            return self.get_response(request)
        if not responses.wants_html(request):
            return _vary_by_language(self.get_response(request))
        with translation.override(translation.get_language_from_request(request), deactivate=True):
            return _vary_by_language(self.get_response(request))


def _vary_by_language(response: HttpResponseBase) -> HttpResponseBase:
    if response.headers.get("Content-Type", "").startswith("text/html"):
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response
