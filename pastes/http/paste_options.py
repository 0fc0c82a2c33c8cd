"""Upload options such as the title or the expiry, taken from the query string, headers or form fields.

?expires=1d&language=py     X-Pasteur-Expires: 1d     curl -F file=@hello.py -F expires=1d
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from django.http import HttpRequest

from pastes.errors import RefusedError
from pastes.http import responses
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Visibility
from pastes.rules import lifetimes

NAMES = ("expires", "language", "burn", "title", "author", "comment", "visibility", "name", "encrypted")

_HEADER = "HTTP_X_PASTEUR_"
_TOKEN = responses.TOKEN_HEADER.removeprefix("X-Pasteur-").lower()
_MAX_PARAMETERS = 100
_SWITCHES = {"": True, "1": True, "true": True, "yes": True, "on": True}
_SWITCHES |= {"0": False, "false": False, "no": False, "off": False}


def build_draft(request: HttpRequest, files: Sequence[NewFile], fields: Iterable[tuple[str, str]] = ()) -> Draft:
    """Return a draft of the given files, with the options from the request and from `fields`. Raise RefusedError."""
    options = read(request, fields)
    name = options.get("name", "")
    if name and len(files) > 1:
        raise RefusedError("ambiguous", "A single name was given for several files.", field="name")
    language = options.get("language", "")
    return Draft(
        files=[replace(file, name=name or file.name, language=language or file.language) for file in files],
        title=options.get("title", ""),
        author=options.get("author", ""),
        comment=options.get("comment", ""),
        visibility=options.get("visibility") or Visibility.UNLISTED,
        lifetime=lifetimes.named(options["expires"]).length if "expires" in options else None,
        burn=parse_switch("burn", options.get("burn", "0")),
        encrypted=parse_switch("encrypted", options.get("encrypted", "0")),
    )


def read(request: HttpRequest, fields: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Return the request's options, keyed by name. Raise RefusedError if an option is unknown or repeated."""
    options: dict[str, str] = {}
    for name, value in (*_query(request), *_headers(request), *fields):
        if name not in NAMES:
            raise RefusedError("unknown_field", f"Unknown option: {name[:50]!r}.", field=name[:50])
        if name in options:
            raise RefusedError("ambiguous", f"{name} was given more than once.", field=name)
        options[name] = value
    return options


def refuse_all(request: HttpRequest) -> None:
    """Raise RefusedError if there is any option in the query string or headers: the protocol has its own fields."""
    for name, _ in (*_query(request), *_headers(request)):
        raise RefusedError("unknown_field", f"Unknown option: {name[:50]!r}.", field=name[:50])


def check_parameters(request: HttpRequest, allowed: Collection[str]) -> None:
    """Raise RefusedError if a query parameter is unknown or repeated, or if a header contains an option."""
    if request.META.get("QUERY_STRING"):
        names = [name for name, _ in _query(request)]
        for name in names:
            if name not in allowed:
                message = f"Unknown parameter: {name[:50]!r}."
                raise RefusedError("unknown_field", message, field=name[:50])
            if names.count(name) > 1:
                raise RefusedError("ambiguous", f"{name[:50]} was given more than once.", field=name[:50])
    if request.method == "GET":  # A read stores nothing, and checking the headers would add 1% to its cost.
        return
    for name, _ in _headers(request):
        header = f"X-Pasteur-{name[:50].replace('_', '-').title()}"
        raise RefusedError("unknown_field", f"Unknown header: {header}.", field=header)


def parse_switch(name: str, value: str) -> bool:
    """Return the value of a switch, which is True if it is empty. Raise RefusedError."""
    try:
        return _SWITCHES[value.lower()]
    except KeyError:
        raise RefusedError("wrong_type", f"{name} must be 1 or 0.", field=name) from None


def _query(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        query = request.META.get("QUERY_STRING", "").encode("latin-1").decode()
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except UnicodeError:
        raise RefusedError("not_utf8", "The query string is not UTF-8 text.", status=400) from None
    except ValueError:
        message = f"The query string has more than {_MAX_PARAMETERS} parameters."
        raise RefusedError("bad_request", message, status=400) from None


def _headers(request: HttpRequest) -> list[tuple[str, str]]:
    options = []
    for header, value in request.META.items():
        if header.startswith(_HEADER) and (name := header.removeprefix(_HEADER).lower()) != _TOKEN:
            try:
                options.append((name, str(value).encode("latin-1").decode()))
            except UnicodeError:
                raise RefusedError("not_utf8", f"X-Pasteur-{name[:50]} is not UTF-8.", status=400) from None
    return options
