"""CORS for the API, which any origin may use: it ignores cookies, so no request carries a user's permissions."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from pastes.http import responses

PREFIX = "/api/"
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS = f"Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, {responses.TOKEN_HEADER}"
_EXPOSED_HEADERS = f"ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, {responses.TOKEN_HEADER}"


class CorsMiddleware:
    """Respond to preflight requests (https://fetch.spec.whatwg.org/#cors-preflight-fetch) and add CORS headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            request.get_host()
            response: HttpResponseBase = HttpResponse(status=204)
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _HEADERS
            response.headers["Access-Control-Max-Age"] = "86400"
        else:
            response = self.get_response(request)
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
        response.headers["Access-Control-Allow-Origin"] = "*"
        patch_vary_headers(response, ["Origin"])
        return response
