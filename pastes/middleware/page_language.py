"""In which language a page speaks: the one that its reader chose here, else the one that the browser asks for.

Pages alone: texts, feeds, the API and every answer to a program are English, whoever asks, and do not vary.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from pastes.http import responses

#: What speaks English: the API, whose errors programs log, and the pages of moderators.
_ENGLISH = ("/api/", "/admin/")


class PageLanguageMiddleware:
    """Lets whoever wants a page have it in their language, and tells caches that pages differ by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the language of the cookie, of Accept-Language, or in English."""
        if request.path_info.startswith(_ENGLISH):
            return self.get_response(request)
        if not responses.wants_html(request):
            return _told(self.get_response(request))
        with translation.override(translation.get_language_from_request(request), deactivate=True):
            return _told(self.get_response(request))


def _told(response: HttpResponseBase) -> HttpResponseBase:
    if response.headers.get("Content-Type", "").startswith("text/html"):
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response
