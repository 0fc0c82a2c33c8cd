"""What a program says about a text beside the text: in the query, in headers, or in fields of a form.

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
_MOST = 100
_SWITCHES = {"": True, "1": True, "true": True, "yes": True, "on": True}
_SWITCHES |= {"0": False, "false": False, "no": False, "off": False}


def of(request: HttpRequest, fields: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Return what is said about a paste, by the names in NAMES. Raises RefusedError for any other, or one twice."""
    said: dict[str, str] = {}
    for name, value in (*_query(request), *_headers(request), *fields):
        if name not in NAMES:
            shown = name[:50]
            raise RefusedError("unknown_field", f"There is no option called {shown!r}.", field=shown)
        if name in said:
            raise RefusedError("ambiguous", f"{name} is given twice.", field=name)
        said[name] = value
    return said


def refuse(request: HttpRequest) -> None:
    """Raise RefusedError when anything is said in query or headers, where the form has fields of its own for it."""
    for name, _ in (*_query(request), *_headers(request)):
        shown = name[:50]
        raise RefusedError("unknown_field", f"There is no option called {shown!r} here.", field=shown)


def check(request: HttpRequest, known: Collection[str]) -> None:
    """Raise RefusedError for a parameter that is not known or stands twice, and for an option in a header."""
    if request.META.get("QUERY_STRING"):
        names = [name for name, _ in _query(request)]
        for name in names:
            shown = name[:50]
            if name not in known:
                raise RefusedError("unknown_field", f"There is no parameter called {shown!r} here.", field=shown)
            if names.count(name) > 1:
                raise RefusedError("ambiguous", f"{shown} is given twice.", field=shown)
    if request.method == "GET":  # Nothing is made, and looking at every header takes a hundredth of a read.
        return
    for name, _ in _headers(request):
        header = f"X-Pasteur-{name[:50].replace('_', '-').title()}"
        raise RefusedError("unknown_field", f"There is no header called {header} here.", field=header)


def draft(files: Sequence[NewFile], said: dict[str, str]) -> Draft:
    """Return the draft of these files with what is said about them. Raises RefusedError."""
    name = said.get("name", "")
    if name and len(files) > 1:
        raise RefusedError("ambiguous", "One name is given for several files.", field="name")
    language = said.get("language", "")
    return Draft(
        files=[replace(file, name=name or file.name, language=language or file.language) for file in files],
        title=said.get("title", ""),
        author=said.get("author", ""),
        comment=said.get("comment", ""),
        visibility=said.get("visibility") or Visibility.UNLISTED,
        lifetime=lifetimes.named(said["expires"]).length if "expires" in said else None,
        burn=switch("burn", said.get("burn", "0")),
        encrypted=switch("encrypted", said.get("encrypted", "0")),
    )


def switch(name: str, value: str) -> bool:
    """Return whether a switch is on; naming it without a value turns it on. Raises RefusedError."""
    try:
        return _SWITCHES[value.lower()]
    except KeyError:
        raise RefusedError("wrong_type", f"{name} must be 1 or 0.", field=name) from None


def _query(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        query = request.META.get("QUERY_STRING", "").encode("latin-1").decode()
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except UnicodeError:
        raise RefusedError("not_utf8", "The query is not UTF-8 text.", status=400) from None
    except ValueError:
        raise RefusedError("bad_request", f"The query has more than {_MOST} parts.", status=400) from None


def _headers(request: HttpRequest) -> list[tuple[str, str]]:
    found = []
    for header, value in request.META.items():
        if header.startswith(_HEADER) and (name := header.removeprefix(_HEADER).lower()) != _TOKEN:
            try:
                found.append((name, str(value).encode("latin-1").decode()))
            except UnicodeError:
                raise RefusedError("not_utf8", f"X-Pasteur-{name[:50]} is not UTF-8.", status=400) from None
    return found
