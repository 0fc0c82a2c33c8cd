"""The registry of dialects: the protocols of other pastebins that the site speaks, and their formats for errors.

An error may occur before the view of a dialect runs (in middleware) or after it. The dialect therefore registers which
requests are its own and how it formats a problem.
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
    """An error of a request, in the site's own vocabulary (docs/api.md)."""

    status: int
    code: str
    message: str
    field: str = ""

    @classmethod
    def from_error(cls, error: RefusedError) -> "Problem":
        """Return the problem that an error describes."""
        return cls(error.status, error.code, error.message, error.field)

    @property
    def plain_status(self) -> int:
        """The status in protocols that answer 400 to every unacceptable text."""
        return 400 if self.status in {413, 415, 422} else self.status


#: A key of request.META that marks a failed request: some protocols answer failures with status 200.
_FAILED = "pasteur.failed"

_Matches = Callable[[HttpRequest], bool]
_Format = Callable[[Problem], HttpResponse]

#: The registered formats: name of the dialect, test for its requests, format of its problems.
_FORMATS: list[tuple[str, _Matches, _Format]] = []


def is_enabled(name: str) -> bool:
    """Return whether PASTEUR_DIALECTS names a dialect."""
    return name in settings.PASTEUR_DIALECTS


def below(*prefixes: str) -> _Matches:
    """Return a test for requests to these paths and to those below them, except PUT, which uploads a named file."""

    def matches(request: HttpRequest) -> bool:
        path = request.path_info
        is_below = any(path == prefix or path.startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)
        return is_below and request.method != "PUT"

    return matches


def error_format(name: str, matches: _Matches) -> Callable[[_Format], _Format]:
    """Register a function as the format of problems with the requests that `matches` accepts.

    `matches` must not read the body: the problem may be that the body cannot be read.
    """

    def register(format_: _Format) -> _Format:
        _FORMATS.append((name, matches, format_))
        return format_

    return register


def format_problem(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """Return a problem in the format of the request's dialect; None when it belongs to no dialect."""
    for name, matches, format_ in _FORMATS:
        if is_enabled(name) and matches(request):
            mark_failed(request)
            return allow_any_origin(format_(problem))
    return None


def mark_failed(request: HttpRequest) -> None:
    """Mark a request as failed, for a response whose status does not say so."""
    request.META[_FAILED] = True


def has_failed(request: HttpRequest) -> bool:
    """Return whether a dialect has marked the request as failed."""
    return _FAILED in request.META


def dialect_view(name: str) -> Callable[[_View[_Params]], _View[_Params]]:
    """Answer 404 unless the dialect is enabled, and let pages of other origins read the response."""

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
    """Let pages of any origin read a response. Dialects ignore cookies, so nothing private can leak."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
