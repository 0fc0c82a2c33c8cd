"""Decode a request body as text or JSON, or refuse it with a precise error."""

import json
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, RawPostDataException, UnreadablePostError
from django.utils.translation import gettext

from pastes.errors import RefusedError, incomplete, too_large

#: The content types accepted for raw text. `curl -T` sends none, and `curl --data-binary` that of a form.
_TEXT_TYPES = re.compile(r"(text/[\w.+-]+|application/x-www-form-urlencoded|application/octet-stream|)")
_CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}


def raw_text(request: HttpRequest) -> str:
    """Return the body as the content of a single file. Raise RefusedError, also if its content type is not text."""
    if not _TEXT_TYPES.fullmatch(request.content_type or ""):
        raise RefusedError(
            "unsupported_media_type",
            "Send the text itself as text/plain, application/octet-stream, or without a Content-Type.",
            status=415,
        )
    return text(request)


def text(request: HttpRequest) -> str:
    """Return the body as text regardless of its content type. Raise RefusedError."""
    return decode_utf8(read(request, settings.PASTEUR_MAX_BYTES), name="the body", charset=charset(request))


def json_object(request: HttpRequest, *, require_type: bool = True) -> dict[str, Any]:
    """Return the body as a JSON object. Raise RefusedError if it is not one or contains duplicate keys.

    The content type must be `application/json` unless `require_type` is False.
    """
    if require_type and request.content_type != "application/json":
        raise RefusedError("unsupported_media_type", "Send application/json.", status=415)
    body = read(request, settings.PASTEUR_MAX_BODY_BYTES)
    document = decode_utf8(body, name="the body", charset=charset(request))
    try:
        value = json.loads(document, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError:
        raise RefusedError("bad_json", "The body is nested too deeply.", status=400) from None
    except ValueError as error:
        raise RefusedError("bad_json", f"The body is not JSON: {error}", status=400) from None
    if not isinstance(value, dict):
        raise RefusedError("not_an_object", "The body must be a JSON object.")
    return value


def peek(request: HttpRequest, limit: int) -> bytes:
    """Return the body, or empty bytes if it is incomplete or longer than `limit` bytes."""
    try:
        return read(request, limit)
    except RefusedError:
        return b""


def read(request: HttpRequest, limit: int) -> bytes:
    """Return the body. If it is longer than `limit` bytes, raise RefusedError before reading any of it."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or int(announced) > limit:
        raise too_large(settings.PASTEUR_MAX_BYTES)
    try:
        body = request.body
    except (UnreadablePostError, RawPostDataException):  # Django raises the latter on subsequent attempts.
        body = b""
    if len(body) < int(announced):
        raise incomplete()
    return body


def charset(request: HttpRequest) -> str:
    """Return the charset parameter of the content type, or an empty string if there is none."""
    return (request.content_params or {}).get("charset", "")


def is_utf8(charset: str) -> bool:
    """Return whether a charset parameter stands for UTF-8 or a subset of it."""
    return charset.lower() in _CHARSETS


def decode_utf8(content: bytes, *, name: str, charset: str = "utf-8") -> str:
    """Decode bytes as UTF-8. Raise RefusedError with the position of the first invalid byte.

    `name` describes the bytes in the error message.
    """
    if not is_utf8(charset):
        raise RefusedError("charset", f"Only UTF-8 is accepted, not {charset[:50]!r}.", status=415)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        message = gettext("%(name)s is not UTF-8 text: byte %(position)s is invalid.")
        message %= {"name": name, "position": error.start}
        raise RefusedError("not_utf8", message, status=400) from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise RefusedError("duplicate_key", f"The key {name[:50]!r} is repeated.", status=400, field=name[:50])
        members[name] = value
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")
