"""HTTP methods: read-only views and the `Allow` header."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

_Params = ParamSpec("_Params")
_Response = TypeVar("_Response", bound=HttpResponseBase)

#: The order of methods in an `Allow` header.
ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def read_only(view: Callable[_Params, _Response]) -> Callable[_Params, _Response]:
    """Restrict a view to GET and HEAD. The CSRF check is disabled so that other methods get a 405 instead of a 403."""
    return csrf_exempt(require_safe(view))


def format_allow(allow: str) -> str:
    """Return an `Allow` header with its methods in a fixed order, adding HEAD if GET is allowed."""
    names = {name.strip() for name in allow.split(",")}
    if "GET" in names:
        names.add("HEAD")
    return ", ".join(name for name in ORDER if name in names)
