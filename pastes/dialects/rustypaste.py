"""The rustypaste protocol (https://github.com/orhun/rustypaste): each file becomes a paste, each line is its URL.

`oneshot` burns after reading, and the header `expire` sets the lifetime in humantime units. A form with `file` and
neither of these is the site's own, in which several files form one paste.
"""

import re
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from pastes.errors import RefusedError
from pastes.http import paste_options, problems, responses
from pastes.http.request_forms import MultipartForm
from pastes.lifecycle.draft import Draft, NewFile, validate
from pastes.lifecycle.writing import publish

NAME = "rustypaste"
_FILE, _ONCE = "file", "oneshot"
_MAX_LIFETIME = timedelta(days=3_660)
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
_DURATION = re.compile(r"(\d{1,9}) ?([A-Za-z]+)")


def is_client(request: HttpRequest) -> bool:
    """Return whether a request has rustypaste's headers or comes from its client."""
    has_header = "Expire" in request.headers or "Filename" in request.headers
    return has_header or request.headers.get("User-Agent", "").startswith("rustypaste")


def create(request: HttpRequest, form: MultipartForm) -> HttpResponse:
    """Publish each file as a paste and return one URL per line, with the edit tokens in the same order."""
    paste_options.refuse_all(request)
    if unknown := form.names - {_FILE, _ONCE}:
        name = min(unknown)[:50]
        raise RefusedError("unknown_field", f"Unknown part: {name!r}.", field=name)
    lifetime = _parse_lifetime(request.headers.get("Expire", "").strip())
    file_name = _header(request, "Filename")
    files = [(file, part == _ONCE) for part in (_FILE, _ONCE) for file in form.new_files(part)]
    if file_name and len(files) > 1:
        raise RefusedError("ambiguous", "A single file name was given for several files.", field="filename")
    # Validate all files before storing the first one.
    drafts = [
        validate(Draft([NewFile(file.content, name=file_name or file.name)], lifetime=lifetime, burn=burn))
        for file, burn in files
    ]
    pastes = [publish(draft) for draft in drafts]
    urls = [responses.absolute_url(request, paste.get_absolute_url()) for paste in pastes]
    response = responses.with_edit_token(responses.text_line("\n".join(urls)), pastes[0])
    response.headers[responses.TOKEN_HEADER] = ", ".join(paste.token for paste in pastes)
    return problems.allow_any_origin(response)


def _parse_lifetime(text: str) -> timedelta | None:
    """Parse a lifetime such as `10min` or `1h 30m`. Return None if it is empty. Raise RefusedError if it is invalid."""
    if not text:
        return None
    pairs = _DURATION.findall(text)
    if _DURATION.sub("", text).strip() or not pairs or not {unit for _, unit in pairs} <= set(_SECONDS):
        raise RefusedError("expires", "expire must be a time such as 10min, 1h, 7days or 1year.", field="expire")
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in pairs)
    if not 0 < seconds <= _MAX_LIFETIME.total_seconds():
        raise RefusedError("expires", f"expire must be between 1s and {_MAX_LIFETIME.days}days.", field="expire")
    return timedelta(seconds=seconds)


def _header(request: HttpRequest, name: str) -> str:
    try:
        return request.headers.get(name, "").encode("latin-1").decode()
    except UnicodeError:
        raise RefusedError("not_utf8", f"{name} is not UTF-8.", status=400) from None
