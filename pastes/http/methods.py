"""Which methods a view takes. Whoever uses another one is told so, before the token of a form is asked for."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

_Taken = ParamSpec("_Taken")
_Answer = TypeVar("_Answer", bound=HttpResponseBase)

#: The order in which methods are told.
ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def read_only(view: Callable[_Taken, _Answer]) -> Callable[_Taken, _Answer]:
    """Let a view be asked with GET and HEAD alone. Nothing is changed there, so that there is nothing to forge."""
    return csrf_exempt(require_safe(view))


def listed(allow: str) -> str:
    """Return the methods of an `Allow` header in one order, with the HEAD that is answered wherever GET is."""
    names = {name.strip() for name in allow.split(",")}
    if "GET" in names:
        names.add("HEAD")
    return ", ".join(name for name in ORDER if name in names)
