"""The form of rustypaste (https://github.com/orhun/rustypaste): each file is a paste, and each answer line an address.

`oneshot` burns after reading, and the header `expire` says for how long a file stays, in the words of humantime.
Without any of these a form with `file` is the site's own, in which several files are one paste.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.datastructures import MultiValueDict

from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.lifecycle.draft import Draft, NewFile, checked
from pastes.lifecycle.writing import publish
from pastes.models import Paste

NAME = "rustypaste"
_FILE, _ONCE = "file", "oneshot"
_LONGEST = timedelta(days=3_660)
_UNITS = {
    "s sec secs second seconds": 1,
    "m min mins minute minutes": 60,
    "h hr hrs hour hours": 3_600,
    "d day days": 86_400,
    "w week weeks": 604_800,
    "M month months": 2_630_016,
    "y year years": 31_557_600,
}
_SECONDS = {name: seconds for names, seconds in _UNITS.items() for name in names.split()}
_LENGTH = re.compile(r"(\d{1,9}) ?([A-Za-z]+)")


def calls(request: HttpRequest, fields: QueryDict, files: Mapping[str, Any]) -> bool:
    """Return whether a form is one of this dialect: by its part, by its headers, or by the name of the client."""
    if not problems.speaks(NAME):
        return False
    names = {*fields, *files}
    its = "Expire" in request.headers or "Filename" in request.headers
    return _ONCE in names or (
        _FILE in names and (its or request.headers.get("User-Agent", "").startswith("rustypaste"))
    )


def create(request: HttpRequest, fields: QueryDict, files: Mapping[str, Any]) -> HttpResponse:
    """Publish each file; answers 200 and one address a line."""
    paste_options.refuse(request)
    if unknown := {*fields, *files} - {_FILE, _ONCE}:
        shown = min(unknown)[:50]
        raise RefusedError("unknown_field", f"There is no part called {shown!r}.", field=shown)
    lifetime = _lifetime(request.headers.get("Expire", "").strip())
    name = _header(request, "Filename")
    sent = [(file, part == _ONCE) for part in (_FILE, _ONCE) for file in _files(fields, files, part)]
    if name and len(sent) > 1:
        raise RefusedError("ambiguous", "A file name is given for several files.", field="filename")
    drafts = [
        checked(Draft([NewFile(file.content, name=name or file.name)], lifetime=lifetime, burn=burns))
        for file, burns in sent
    ]
    return _answer(request, [publish(draft) for draft in drafts])


def _answer(request: HttpRequest, pastes: list[Paste]) -> HttpResponse:
    """Return the addresses, and the edit tokens in the same order."""
    response = responses.line("\n".join(responses.address(request, paste.get_absolute_url()) for paste in pastes))
    response = problems.open_to_all(responses.with_token(response, pastes[0]))
    response.headers[responses.TOKEN_HEADER] = ", ".join(paste.token for paste in pastes)
    return response


def _files(fields: QueryDict, files: Mapping[str, Any], part: str) -> list[NewFile]:
    found = [NewFile(content) for content in fields.getlist(part)]
    uploads: MultiValueDict[str, Any] = files  # type: ignore[assignment]  # request.FILES is one.
    for upload in uploads.getlist(part):
        name = "" if upload.name == "-" else upload.name
        found.append(NewFile(request_body.utf8(upload.read(), what=name[:50] or part), name=name))
    return found


def _lifetime(words: str) -> timedelta | None:
    """Return the length that is said as `10min` or `1h 30m`, None for nothing. Raises RefusedError."""
    if not words:
        return None
    pairs = _LENGTH.findall(words)
    if _LENGTH.sub("", words).strip() or not pairs or not {unit for _, unit in pairs} <= set(_SECONDS):
        raise RefusedError("expires", "expire must be a time such as 10min, 1h, 7days or 1year.", field="expire")
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in pairs)
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise RefusedError("expires", f"expire must be between 1s and {_LONGEST.days}days.", field="expire")
    return timedelta(seconds=seconds)


def _header(request: HttpRequest, name: str) -> str:
    try:
        return request.headers.get(name, "").encode("latin-1").decode()
    except UnicodeError:
        raise RefusedError("not_utf8", f"{name} is not UTF-8.", status=400) from None
