"""Forms of pastebins that have no more than a form at `/`: sprunge, ix, and what pastebinit sends for this site.

command | curl -F 'sprunge=<-' HOST        command | curl -F 'f:1=<-' HOST        pastebinit -b HOST file
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.datastructures import MultiValueDict

from pastes.dialects import lexers
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.models import Visibility

SPRUNGE, IX, PASTEBINIT = "sprunge", "ix", "pastebinit"
#: The field with the text, by dialect.
_TEXTS = {SPRUNGE: "sprunge", IX: "f:1", PASTEBINIT: "content"}
#: What else pastebinit says (client/pastebin.d/pasteur.conf).
_SAID = ("title", "author", "language", "private")
_PRIVATE = {"": Visibility.UNLISTED, "1": Visibility.UNLISTED, "0": Visibility.PUBLIC}
_FORM = "application/x-www-form-urlencoded"
#: What a form of each of them looks like, encoded: all of it has to be, since texts may begin with `content=` or
#: `sprunge=` as well, and curl calls every text a form. What browsers leave as it is counts as encoded.
_REST = rb"(?:[\w.~*+=&!'()-]|%[0-9A-Fa-f]{2})*"
_FORMS = {
    SPRUNGE: re.compile(rb"sprunge=" + _REST, re.ASCII),
    IX: re.compile(rb"f(?::|%3[Aa])1=" + _REST, re.ASCII),
    PASTEBINIT: re.compile(rb"(?=(?:.*&)?content=)" + _REST, re.ASCII),
}


def in_parts(request: HttpRequest, fields: QueryDict, files: Mapping[str, Any]) -> HttpResponse | None:
    """Publish the text of a multipart form of one of these dialects; None for every other form."""
    name = _named({*fields, *files} - ({"content"} if "csrfmiddlewaretoken" in fields else set()))
    return _published(request, name, request_body.fields_by_name(fields, files)) if name else None


def in_body(request: HttpRequest) -> HttpResponse | None:
    """Publish the text of an urlencoded form of one of these dialects; None for a body that is a text itself."""
    if request.content_type != _FORM or request.method != "POST":
        return None
    sent = request_body.peek(request)
    name = next((one for one, form in _FORMS.items() if problems.speaks(one) and form.fullmatch(sent)), "")
    return _published(request, name, request_body.urlencoded(request)) if name else None


def _named(names: Collection[str]) -> str:
    return next((one for one, field in _TEXTS.items() if field in names and problems.speaks(one)), "")


def _published(request: HttpRequest, name: str, fields: MultiValueDict[str, str]) -> HttpResponse:
    """Answer the address alone on a line."""
    paste_options.refuse(request)
    text = request_body.one(fields, _TEXTS[name])
    known = {_TEXTS[name], *(_SAID if name == PASTEBINIT else ())}
    for field in fields:
        if field not in known:
            raise RefusedError("unknown_field", f"There is no field called {field[:50]!r}.", field=field[:50])
    paste = publish(_as_said(text, fields) if name == PASTEBINIT else Draft([NewFile(text)]))
    response = responses.line(responses.address(request, paste.get_absolute_url()))
    return problems.open_to_all(responses.with_token(response, paste))


def _as_said(text: str, fields: MultiValueDict[str, str]) -> Draft:
    said = {field: request_body.one(fields, field) for field in _SAID}
    if said["private"] not in _PRIVATE:
        raise RefusedError("visibility", "private must be 1 or 0.", field="private")
    language = lexers.named(said["language"], "language").name if said["language"] else ""
    return Draft(
        [NewFile(text, language=language)],
        title=said["title"],
        author=said["author"],
        visibility=_PRIVATE[said["private"]],
    )
