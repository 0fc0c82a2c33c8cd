"""Sessions and users for the admin only, so that readers get no cookies; compression; and response headers."""

from collections.abc import Callable
from functools import cache
from typing import cast

from csp.constants import HEADER
from csp.utils import build_policy
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.deprecation import MiddlewareMixin

ADMIN_PREFIX = "/admin/"
#: Pages with third-party scripts that do not support Trusted Types.
THIRD_PARTY_PREFIXES = (ADMIN_PREFIX, "/api/")
_GetResponse = Callable[[HttpRequest], HttpResponseBase]


class _AdminOnlyMixin(MiddlewareMixin):
    """Skip the middleware outside ADMIN_PREFIX."""

    get_response: _GetResponse

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(ADMIN_PREFIX):
            return cast("HttpResponseBase", super().__call__(request))
        return self.get_response(request)


class AdminSessionMiddleware(_AdminOnlyMixin, SessionMiddleware):
    """Sessions for moderators."""


class AdminAuthenticationMiddleware(_AdminOnlyMixin, AuthenticationMiddleware):
    """Users for moderators."""


class AdminMessageMiddleware(_AdminOnlyMixin, MessageMiddleware):
    """Messages for moderators."""


class PageCompressionMiddleware(GZipMiddleware):
    """Compress HTML pages outside the admin. Compressed pages have a weak ETag.

    Static files are compressed by collectstatic, and text for programs is not compressed.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if not is_page or request.path_info.startswith(ADMIN_PREFIX):
            return response
        return super().process_response(request, response)


class ResponseHeadersMiddleware(MiddlewareMixin):
    """Add Content-Length and, unless the view has set a stricter one, Content-Security-Policy."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        has_trusted_types = not request.path_info.startswith(THIRD_PARTY_PREFIXES)
        response.headers.setdefault(HEADER, _policy(has_trusted_types=has_trusted_types))
        # 204 and 304 responses have no length (RFC 9110, 8.6).
        if isinstance(response, HttpResponse) and not response.streaming and response.status_code not in {204, 304}:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            if request.method == "HEAD":
                response.content = b""
        return response


@cache
def _policy(*, has_trusted_types: bool) -> str:
    if has_trusted_types:
        return str(build_policy())
    return str(build_policy(replace={"require-trusted-types-for": None, "trusted-types": None}))
