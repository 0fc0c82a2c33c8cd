"""The registry of dialects, which are the protocols of other pastebins, and of their error formats.

An error may occur in middleware, before or after the dialect's view runs. Each dialect therefore registers how to
recognize its requests and how to format a problem.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from pastes.access import login
from pastes.errors import RefusedError

_Params = ParamSpec("_Params")
_View = Callable[Concatenate[HttpRequest, _Params], HttpResponse]


@dataclass(frozen=True)
class Problem:
    """A request error, with the site's own error code (docs/api.md)."""

    status: int
    code: str
    message: str
    field: str = ""

    @classmethod
    def from_error(cls, error: RefusedError) -> "Problem":
        """Return the problem described by an error."""
        return cls(error.status, error.code, error.message, error.field)

    @property
    def plain_status(self) -> int:
        """The status for protocols that respond with 400 to all invalid content."""
        return 400 if self.status in {413, 415, 422} else self.status


#: The key in request.META that marks a failed request: some protocols respond to failures with status 200.
_FAILED = "pasteur.failed"

_Matches = Callable[[HttpRequest], bool]
_Format = Callable[[Problem], HttpResponse]

#: The registered error formats: name of the dialect, function that matches its requests, function that formats.
_FORMATS: list[tuple[str, _Matches, _Format]] = []


def is_enabled(name: str) -> bool:
    """Return whether a dialect is enabled in PASTEUR_DIALECTS."""
    return name in settings.PASTEUR_DIALECTS


def below(*prefixes: str) -> _Matches:
    """Return a function that matches requests to the given paths and all below, except PUT, which uploads a file."""

    def matches(request: HttpRequest) -> bool:
        path = request.path_info
        is_below = any(path == prefix or path.startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)
        return is_below and request.method != "PUT"

    return matches


def error_format(name: str, matches: _Matches) -> Callable[[_Format], _Format]:
    """Register a function that formats problems with requests for which `matches` returns True.

    `matches` must not read the body, since the problem may be that the body is unreadable.
    """

    def register(format_: _Format) -> _Format:
        _FORMATS.append((name, matches, format_))
        return format_

    return register


def format_problem(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """Return a response in the format of the request's dialect, or None if the request belongs to none."""
    for name, matches, format_ in _FORMATS:
        if is_enabled(name) and matches(request):
            mark_failed(request)
            return allow_any_origin(format_(problem))
    return None


def mark_failed(request: HttpRequest) -> None:
    """Mark a request as failed even though the status of its response indicates success."""
    request.META[_FAILED] = True


def has_failed(request: HttpRequest) -> bool:
    """Return whether a dialect marked the request as failed."""
    return _FAILED in request.META


def dialect_view(name: str) -> Callable[[_View[_Params]], _View[_Params]]:
    """Respond with 404 unless the dialect is enabled, and let pages from other origins read the response."""

    def decorate(view: _View[_Params]) -> _View[_Params]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: _Params.args, **kwargs: _Params.kwargs) -> HttpResponse:
            if not is_enabled(name):
                raise Http404
            login.refuse_foreign_form(request)
            return allow_any_origin(view(request, *args, **kwargs))

        return csrf_exempt(guarded)  # Dialects ignore cookies.

    return decorate


def allow_any_origin(response: HttpResponse) -> HttpResponse:
    """Let pages from any origin read the response. Dialects ignore cookies, so nothing private can leak."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
