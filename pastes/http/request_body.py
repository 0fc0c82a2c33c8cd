"""Reads the bytes of a request and turns them into text, or says exactly why it cannot."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext

from pastes.errors import RefusedError, incomplete, too_large
from pastes.http import header_parameters
from pastes.lifecycle import draft

#: What a body without a form around it may be called. curl's own names are among them: -T sends none at all,
#: --data-binary sends the type of a form.
_TEXT_TYPES = re.compile(r"(text/[\w.+-]+|application/x-www-form-urlencoded|application/octet-stream|)")
_URLENCODED = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1_000
_CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}


def raw_text(request: HttpRequest) -> str:
    """Return the body as the text of one file. Raises RefusedError."""
    if not _TEXT_TYPES.fullmatch(request.content_type or ""):
        raise RefusedError(
            "unsupported_media_type",
            "Send the text itself as text/plain, application/octet-stream, or without a Content-Type.",
            status=415,
        )
    return any_text(request)


def any_text(request: HttpRequest) -> str:
    """Return the body as text, whatever it is called. Raises RefusedError."""
    return utf8(_bytes(request, settings.PASTEUR_MAX_BYTES), what="the body", charset=_charset(request))


def form(request: HttpRequest) -> tuple[QueryDict, Mapping[str, Any]]:
    """Return fields and files of a multipart form; the names of both and the fields are UTF-8. Raises RefusedError.

    Django replaces wrong UTF-8 by U+FFFD and goes on; such a character that was not sent is therefore looked for. It
    cuts long names of files, and leaves out parts whose head it cannot read; these are therefore looked at before.
    """
    sent = _form_bytes(request)
    request.encoding = "utf-8"
    boundary = (request.content_params or {}).get("boundary", "")
    parts = 0
    for head in islice(_heads(sent, boundary.encode()), 2 * _MOST_FIELDS):
        draft.clean_name(_file_name(head))
        parts += 1
    try:
        fields, files = request.POST, request.FILES
    except (MultiPartParserError, SuspiciousOperation, BadRequest) as error:
        raise _unreadable(error) from None
    except TypeError:  # See pastes.parameters.
        raise _unreadable("a parameter is given whole and in parts") from None
    if f"--{boundary}--".encode() not in sent[-1024:]:
        raise RefusedError("incomplete", gettext("The form ended before its last part did."), status=400)
    if parts != sum(len(each.getlist(name)) for each in (fields, files) for name in each):
        raise _unreadable("a part has no name")
    texts = [(name, value) for name, values in fields.lists() for value in (name, *values)]
    texts += [(name, upload.name or "") for name, uploads in files.lists() for upload in uploads]
    for name, text in texts:
        if "\ufffd" in text and text.encode() not in sent:
            message = gettext("%(name)s is not UTF-8 text.") % {"name": name[:50]}
            raise RefusedError("not_utf8", message, status=400, field=name[:50])
    return fields, files


def check_form(request: HttpRequest) -> None:
    """Raise RefusedError unless a form, in either encoding, is whole and in UTF-8."""
    if request.content_type == "multipart/form-data":
        form(request)
    else:
        urlencoded(request)


def any_form(request: HttpRequest) -> MultiValueDict[str, str]:
    """Return every field of a form in either encoding as text, under its name in lower case. Raises RefusedError."""
    if request.content_type == "multipart/form-data":
        return fields_by_name(*form(request))
    if request.content_type != _URLENCODED:
        raise RefusedError("unsupported_media_type", f"Send multipart/form-data or {_URLENCODED}.", status=415)
    return urlencoded(request)


def urlencoded(request: HttpRequest) -> MultiValueDict[str, str]:
    """Return the body as the fields of an urlencoded form, whatever it is called. Raises RefusedError."""
    text = utf8(_form_bytes(request), what="the form")
    fields: MultiValueDict[str, str] = MultiValueDict()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise RefusedError("not_utf8", "The form is not UTF-8 text.", status=400) from None
    except ValueError:
        raise RefusedError("bad_form", f"The form has more than {_MOST_FIELDS} fields.", status=400) from None
    for name, value in pairs:
        fields.appendlist(name.lower(), value)
    return fields


def one(fields: MultiValueDict[str, str], name: str, default: str = "") -> str:
    """Return the value of a field that may stand in a form once. Raises RefusedError."""
    values = fields.getlist(name)
    if len(values) > 1:
        raise RefusedError("ambiguous", f"{name} is given twice.", field=name)
    return values[0] if values else default


def fields_by_name(fields: QueryDict, files: Mapping[str, Any]) -> MultiValueDict[str, str]:
    """Return every part of a form, sent with a file name or without, as text under its name in lower case."""
    parts: MultiValueDict[str, str] = MultiValueDict()
    for name in fields:
        for value in fields.getlist(name):
            parts.appendlist(name.lower(), value)
    for name in files:
        for upload in files.getlist(name):  # type: ignore[attr-defined]  # request.FILES is a MultiValueDict
            parts.appendlist(name.lower(), utf8(upload.read(), what=name[:50]))
    return parts


def json_object(request: HttpRequest, *, labelled: bool = True) -> dict[str, Any]:
    """Return the body as a JSON object in which no key stands twice. Raises RefusedError.

    It has to be called `application/json` unless `labelled` is off.
    """
    if labelled and request.content_type != "application/json":
        raise RefusedError("unsupported_media_type", "Send application/json.", status=415)
    text = utf8(_bytes(request, settings.PASTEUR_MAX_BODY_BYTES), what="the body", charset=_charset(request))
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise RefusedError("bad_json", "The body is nested too deeply.", status=400) from None
    except ValueError as error:
        raise RefusedError("bad_json", f"The body is not JSON: {error}", status=400) from None
    if not isinstance(value, dict):
        raise RefusedError("not_an_object", "The body must be a JSON object.")
    return value


def peek(request: HttpRequest) -> bytes:
    """Return the body as far as it may be a form with a text in it; empty when it is longer."""
    try:
        return _bytes(request, 3 * settings.PASTEUR_MAX_BYTES + 64 * 1024)
    except RefusedError:
        return b""


def holds(request: HttpRequest, *words: bytes, limit: int) -> bool:
    """Return whether a body that is no multipart form, and no longer than this, holds all of these words."""
    if request.content_type == "multipart/form-data":
        return False
    try:
        content = _bytes(request, limit)
    except RefusedError:
        return False
    return all(word in content for word in words)


def utf8(content: bytes, *, what: str, charset: str = "utf-8") -> str:
    """Return bytes as the text that they are, or raise RefusedError naming the first byte that is not UTF-8."""
    if charset.lower() not in _CHARSETS:
        raise RefusedError("charset", f"Only UTF-8 is accepted, not {charset[:50]!r}.", status=415)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        message = gettext("%(name)s is not UTF-8 text: byte %(position)s is wrong.")
        message %= {"name": what, "position": error.start}
        raise RefusedError("not_utf8", message, status=400) from None


def _bytes(request: HttpRequest, limit: int) -> bytes:
    """Return the body, without reading any of it when it is announced to be too long."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or int(announced) > limit:
        raise too_large(settings.PASTEUR_MAX_BYTES)
    try:
        body = request.body
    except (UnreadablePostError, RawPostDataException):  # The second is raised whenever it is asked for again.
        body = b""
    if len(body) < int(announced):
        raise incomplete()
    return body


def _heads(sent: bytes, boundary: bytes) -> Iterator[str]:
    """Yield the head of each part of a multipart form, split where Django's parser splits. Raises RefusedError."""
    for part in sent.split(b"--" + boundary)[1:]:
        if not part.startswith(b"--"):
            yield utf8(part.partition(b"\r\n\r\n")[0], what="the head of a part")


def _file_name(head: str) -> str:
    """Return the name of the file that a part holds, without its folders, as it was sent; empty where there is none."""
    for line in head.split("\r\n"):
        if "filename" in line.lower():
            try:
                kind, said = header_parameters.of(line)
            except ValueError as error:
                raise _unreadable(error) from None
            if kind.startswith("content-disposition:"):
                return str(said.get("filename", "")).replace("\\", "/").rpartition("/")[2]
    return ""


def _unreadable(why: object) -> RefusedError:
    return RefusedError("bad_form", gettext("The form cannot be read: %(error)s") % {"error": why}, status=400)


def _form_bytes(request: HttpRequest) -> bytes:
    if _charset(request).lower() not in _CHARSETS:
        raise RefusedError("charset", gettext("Only forms in UTF-8 are accepted."), status=400)
    return _bytes(request, settings.PASTEUR_MAX_BODY_BYTES)


def _charset(request: HttpRequest) -> str:
    return (request.content_params or {}).get("charset", "")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise RefusedError("duplicate_key", f"The key {name[:50]!r} stands twice.", status=400, field=name[:50])
        found[name] = value
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")
