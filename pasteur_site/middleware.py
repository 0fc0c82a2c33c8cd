"""Sessions and users for the admin alone, so that readers get no cookie and pay nothing; one policy for all pages."""

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
FOREIGN_PAGES = (ADMIN_PREFIX, "/api/")
_GetResponse = Callable[[HttpRequest], HttpResponseBase]


class _AdminOnly(MiddlewareMixin):
    """A middleware that exists below ADMIN_PREFIX only."""

    get_response: _GetResponse

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(ADMIN_PREFIX):
            return cast("HttpResponseBase", super().__call__(request))
        return self.get_response(request)


class AdminSessions(_AdminOnly, SessionMiddleware):
    """Sessions for moderators."""


class AdminAuthentication(_AdminOnly, AuthenticationMiddleware):
    """Users for moderators."""


class AdminMessages(_AdminOnly, MessageMiddleware):
    """Messages for moderators."""


class CompressedPages(GZipMiddleware):
    """Pages in gzip for browsers, also where no web server stands in front; what programs get stays as it is.

    Static files are compressed when they are collected.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress what is a page; its ETag is weak from then on, as one stands for two forms of the same."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if not is_page or request.path_info.startswith(ADMIN_PREFIX):
            return response
        return super().process_response(request, response)


class Headers(MiddlewareMixin):
    """The Content-Security-Policy of the settings, built by django-csp once, and the length of every answer."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add them; a view that has set a stricter policy keeps it."""
        response.headers.setdefault(HEADER, _policy(is_ours=not request.path_info.startswith(FOREIGN_PAGES)))
        # Without a body there is no length: RFC 9110, 8.6.
        if isinstance(response, HttpResponse) and not response.streaming and response.status_code not in {204, 304}:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            if request.method == "HEAD":
                response.content = b""
        return response


@cache
def _policy(*, is_ours: bool) -> str:
    """Return the policy of the settings; scripts of pages that are not ours know nothing of Trusted Types."""
    if is_ours:
        return str(build_policy())
    return str(build_policy(replace={"require-trusted-types-for": None, "trusted-types": None}))
