"""Pastebins whose protocol is a single form at `/`: sprunge, ix, and pastebinit's form for this site.

command | curl -F 'sprunge=<-' HOST        command | curl -F 'f:1=<-' HOST        pastebinit -b HOST file
"""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict

from pastes.dialects import lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, request_forms, responses
from pastes.http.request_forms import MultipartForm, single_value
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.models import Visibility

SPRUNGE, IX, PASTEBINIT = "sprunge", "ix", "pastebinit"
#: The field that contains the text, keyed by dialect.
_TEXT_FIELDS = {SPRUNGE: "sprunge", IX: "f:1", PASTEBINIT: "content"}
#: The other fields that pastebinit sends (client/pastebin.d/pasteur.conf).
_PASTEBINIT_FIELDS = ("title", "author", "language", "private")
_VISIBILITIES = {"": Visibility.UNLISTED, "1": Visibility.UNLISTED, "0": Visibility.PUBLIC}
#: What a URL-encoded form of each dialect looks like. curl also labels raw text as a form, and such text may begin with
#: `content=` or `sprunge=`, so the whole body must be encoded. Characters that browsers do not escape are allowed.
_ENCODED = rb"(?:[\w.~*+=&!'()-]|%[0-9A-Fa-f]{2})*"
_BODIES = {
    SPRUNGE: re.compile(rb"sprunge=" + _ENCODED, re.ASCII),
    IX: re.compile(rb"f(?::|%3[Aa])1=" + _ENCODED, re.ASCII),
    PASTEBINIT: re.compile(rb"(?=(?:.*&)?content=)" + _ENCODED, re.ASCII),
}


def create(dialect: str, request: HttpRequest, form: MultipartForm) -> HttpResponse:
    """Publish the text from a multipart form of the given dialect."""
    return _create(dialect, request, form.texts())


def create_from_body(dialect: str, request: HttpRequest) -> HttpResponse:
    """Publish the text from a URL-encoded form of the given dialect."""
    return _create(dialect, request, request_forms.urlencoded(request))


def dialect_of_body(request: HttpRequest) -> str:
    """Return the dialect of a URL-encoded form, or an empty string for raw text with the same content type."""
    if request.content_type != request_forms.URLENCODED:
        return ""
    # Escaping at most triples the length of the text.
    body = request_body.peek(request, 3 * settings.PASTEUR_MAX_BYTES + 64 * 1024)
    return next((name for name, form in _BODIES.items() if problems.is_enabled(name) and form.fullmatch(body)), "")


def _create(dialect: str, request: HttpRequest, fields: MultiValueDict[str, str]) -> HttpResponse:
    """Publish the text and return its URL as a line of text."""
    paste_options.refuse_all(request)
    text_field = _TEXT_FIELDS[dialect]
    text = single_value(fields, text_field)
    allowed = {text_field, *(_PASTEBINIT_FIELDS if dialect == PASTEBINIT else ())}
    for name in fields:
        if name not in allowed:
            raise RefusedError("unknown_field", f"Unknown field: {name[:50]!r}.", field=name[:50])
    paste = publish(_pastebinit_draft(text, fields) if dialect == PASTEBINIT else Draft([NewFile(text)]))
    response = responses.text_line(responses.absolute_url(request, paste.get_absolute_url()))
    return problems.allow_any_origin(responses.with_edit_token(response, paste))


def _pastebinit_draft(text: str, fields: MultiValueDict[str, str]) -> Draft:
    values = {name: single_value(fields, name) for name in _PASTEBINIT_FIELDS}
    if values["private"] not in _VISIBILITIES:
        raise RefusedError("visibility", "private must be 1 or 0.", field="private")
    language = lexers.find(values["language"], "language").name if values["language"] else ""
    return Draft(
        [NewFile(text, language=language)],
        title=values["title"],
        author=values["author"],
        visibility=_VISIBILITIES[values["private"]],
    )
