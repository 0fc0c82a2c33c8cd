"""The forms of other pastebins, each a thin adapter in a file of its own, for the clients that people have.

An adapter reads its form, calls the one write function and answers in its own words. What goes wrong, wherever it does,
is told in its words too: it says at which addresses it is spoken and how it tells a problem.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

_Rest = ParamSpec("_Rest")
_View = Callable[Concatenate[HttpRequest, _Rest], HttpResponse]


@dataclass(frozen=True)
class Problem:
    """What was wrong with a request, in the site's own vocabulary (docs/api.md)."""

    status: int
    code: str
    message: str
    field: str = ""

    @property
    def plain_status(self) -> int:
        """The status in services that call everything that cannot become a paste 400."""
        return 400 if self.status in {413, 415, 422} else self.status


#: In the META of a request that failed, whatever the status says: some services answer failures with 200.
_FAILED = "pasteur.failed"

_Calls = Callable[[HttpRequest], bool]
_Tell = Callable[[Problem], HttpResponse]

#: How problems are told: the dialect's name, whether a request is one of its, and its words. Filled by `tells`.
_TELLERS: list[tuple[str, _Calls, _Tell]] = []


def speaks(name: str) -> bool:
    """Return whether the site speaks a dialect: whether PASTEUR_DIALECTS names it."""
    return name in settings.PASTEUR_DIALECTS


def at(*prefixes: str) -> _Calls:
    """Return whether a request is for one of these addresses or what is below them. PUT there names a file."""

    def calls(request: HttpRequest) -> bool:
        path = request.path_info
        below = any(path == prefix or path.startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)
        return below and request.method != "PUT"

    return calls


def tells(name: str, calls: _Calls) -> Callable[[_Tell], _Tell]:
    """Let a function tell the problems of the requests that `calls` knows by what stands before their body."""

    def kept(tell: _Tell) -> _Tell:
        _TELLERS.append((name, calls, tell))
        return tell

    return kept


def told(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """Return a problem in the words of the dialect that a request is in, None when it is in none."""
    for name, calls, tell in _TELLERS:
        if speaks(name) and calls(request):
            note_failure(request)
            return open_to_all(tell(problem))
    return None


def note_failure(request: HttpRequest) -> None:
    """Write down that a request came to nothing, for an answer whose status does not say so."""
    request.META[_FAILED] = True


def has_failed(request: HttpRequest) -> bool:
    """Return whether a dialect has told the caller that the request came to nothing."""
    return _FAILED in request.META


def switchable(name: str) -> Callable[[_View[_Rest]], _View[_Rest]]:
    """Let a view exist only while the site speaks the dialect; pages of other sites may read its answers."""

    def wrapped(view: _View[_Rest]) -> _View[_Rest]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: _Rest.args, **kwargs: _Rest.kwargs) -> HttpResponse:
            if not speaks(name):
                raise Http404
            return open_to_all(view(request, *args, **kwargs))

        return csrf_exempt(answer)  # No cookie is looked at.

    return wrapped


def open_to_all(response: HttpResponse) -> HttpResponse:
    """Let pages of other sites read an answer. No cookie is looked at where dialects are spoken."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
