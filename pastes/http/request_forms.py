"""Decode forms. Django's parser silently repairs malformed forms; this module refuses them instead."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext

from pastes.errors import RefusedError
from pastes.http import header_parameters
from pastes.http.request_body import charset, decode_utf8, is_utf8, read
from pastes.lifecycle import draft
from pastes.lifecycle.draft import NewFile

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
_MAX_FIELDS = 1_000
#: Limits for the headers of a part: Python takes quadratic time to parse their parameters.
_MAX_HEADERS_BYTES, _MAX_HEADERS = 8_192, 16


@dataclass(frozen=True)
class MultipartForm:
    """A complete multipart form in UTF-8: its fields, and its parts that have a file name."""

    fields: QueryDict
    files: MultiValueDict[str, Any]

    @property
    def names(self) -> set[str]:
        """The names of all parts."""
        return {*self.fields, *self.files}

    def texts(self) -> MultiValueDict[str, str]:
        """Return all parts, with or without a file name, as text keyed by lowercase name. Raise RefusedError."""
        texts: MultiValueDict[str, str] = MultiValueDict()
        for name, values in self.fields.lists():
            for value in values:
                texts.appendlist(name.lower(), value)
        for name, uploads in self.files.lists():
            for upload in uploads:
                texts.appendlist(name.lower(), decode_utf8(upload.read(), name=name[:50]))
        return texts

    def new_files(self, part: str) -> list[NewFile]:
        """Return the parts with the given name as new files. curl calls standard input `-`. Raise RefusedError."""
        files = [NewFile(content) for content in self.fields.getlist(part)]
        for upload in self.files.getlist(part):
            name = "" if upload.name == "-" else upload.name
            files.append(NewFile(decode_utf8(upload.read(), name=name[:50] or part), name=name))
        return files


def multipart(request: HttpRequest) -> MultipartForm:
    """Return the body as a multipart form. Raise RefusedError.

    Django's parser replaces invalid UTF-8 with U+FFFD, truncates long file names, and drops parts whose headers it
    cannot parse. The checks before and after it detect all three.
    """
    body = _form_bytes(request)
    request.encoding = "utf-8"
    boundary = (request.content_params or {}).get("boundary", "")
    part_count = 0
    for headers in islice(_part_headers(body, boundary.encode()), 2 * _MAX_FIELDS):
        parameters = _parameters(headers)
        file_name = parameters.get("filename", "").replace("\\", "/").rpartition("/")[2]
        draft.clean_name(file_name)
        for text in (parameters.get("name", ""), file_name):
            _refuse_replaced(text, "\ufffd" not in headers, text)
        part_count += 1
    try:
        fields, files = request.POST, request.FILES
    except (MultiPartParserError, SuspiciousOperation, BadRequest) as error:
        raise _unreadable(error) from None
    except TypeError:  # See header_parameters.parse.
        raise _unreadable("a parameter is given both whole and in parts") from None
    if f"--{boundary}--".encode() not in body[-1024:]:
        raise RefusedError("incomplete", gettext("The form arrived incomplete."), status=400)
    if part_count != sum(len(each.getlist(name)) for each in (fields, files) for name in each):
        raise _unreadable("a part has no name")
    replaced = [(name, text) for name, values in fields.lists() for text in values if "\ufffd" in text]
    contents = set(_contents(body, boundary.encode())) if replaced else set()
    for name, text in replaced:
        _refuse_replaced(text, text.encode() not in contents, name)
    return MultipartForm(fields, files)


def _refuse_replaced(text: str, is_replaced: bool, name: str) -> None:
    """Raise RefusedError if the text contains U+FFFD that Django substituted for invalid bytes."""
    if is_replaced and "\ufffd" in text:
        message = gettext("%(name)s is not UTF-8 text.") % {"name": name[:50]}
        raise RefusedError("not_utf8", message, status=400, field=name[:50])


def urlencoded(request: HttpRequest) -> MultiValueDict[str, str]:
    """Return the fields of a URL-encoded body of any content type, keyed by lowercase name. Raise RefusedError."""
    body = decode_utf8(_form_bytes(request), name="the form")
    fields: MultiValueDict[str, str] = MultiValueDict()
    try:
        pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError:
        raise RefusedError("not_utf8", "The form is not UTF-8 text.", status=400) from None
    except ValueError:
        raise RefusedError("bad_form", f"The form has more than {_MAX_FIELDS} fields.", status=400) from None
    for name, value in pairs:
        fields.appendlist(name.lower(), value)
    return fields


def fields(request: HttpRequest) -> MultiValueDict[str, str]:
    """Return the fields of a form in either encoding as text, keyed by lowercase name. Raise RefusedError."""
    if request.content_type == MULTIPART:
        return multipart(request).texts()
    if request.content_type != URLENCODED:
        raise RefusedError("unsupported_media_type", f"Send {MULTIPART} or {URLENCODED}.", status=415)
    return urlencoded(request)


def check(request: HttpRequest) -> None:
    """Raise RefusedError if a form, in either encoding, is incomplete or not UTF-8."""
    if request.content_type == MULTIPART:
        multipart(request)
    else:
        urlencoded(request)


def single_value(fields: MultiValueDict[str, str], name: str, default: str = "") -> str:
    """Return the value of a field, or the default if it is missing. Raise RefusedError if it is repeated."""
    values = fields.getlist(name)
    if len(values) > 1:
        raise RefusedError("ambiguous", f"{name} was given more than once.", field=name)
    return values[0] if values else default


def _part_headers(body: bytes, boundary: bytes) -> Iterator[str]:
    """Yield the headers of each part of a multipart form, split as Django's parser does. Raise RefusedError."""
    for part in body.split(b"--" + boundary)[1:]:
        if not part.startswith(b"--"):
            headers = part.partition(b"\r\n\r\n")[0]
            if len(headers) > _MAX_HEADERS_BYTES or headers.count(b"\n") > _MAX_HEADERS:
                raise _unreadable("the headers of a part are too long")
            yield decode_utf8(headers, name="the headers of a part")


def _contents(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield the content of each part of a multipart form."""
    for part in body.split(b"--" + boundary)[1:]:
        yield part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _parameters(headers: str) -> dict[str, str]:
    """Return the Content-Disposition parameters from the headers of a part, without truncating them."""
    for line in headers.split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            try:
                return header_parameters.parse(line)[1]
            except ValueError as error:
                raise _unreadable(error) from None
    return {}


def _unreadable(reason: object) -> RefusedError:
    return RefusedError("bad_form", gettext("The form cannot be read: %(error)s") % {"error": reason}, status=400)


def _form_bytes(request: HttpRequest) -> bytes:
    if not is_utf8(charset(request)):
        raise RefusedError("charset", gettext("Only forms in UTF-8 are accepted."), status=400)
    return read(request, settings.PASTEUR_MAX_BODY_BYTES)
