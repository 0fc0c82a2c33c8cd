"""The forms of other pastebins, each a thin adapter in a file of its own, for the clients that people have."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

_Rest = ParamSpec("_Rest")
_View = Callable[Concatenate[HttpRequest, _Rest], HttpResponse]


def speaks(name: str) -> bool:
    """Return whether the site speaks a dialect: whether PASTEUR_DIALECTS names it."""
    return name in settings.PASTEUR_DIALECTS


def switchable(name: str) -> Callable[[_View[_Rest]], _View[_Rest]]:
    """Let a view exist only while the site speaks the dialect."""

    def wrapped(view: _View[_Rest]) -> _View[_Rest]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: _Rest.args, **kwargs: _Rest.kwargs) -> HttpResponse:
            if not speaks(name):
                raise Http404
            return view(request, *args, **kwargs)

        return answer

    return wrapped
