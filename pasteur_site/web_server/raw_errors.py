"""Responses to requests that never reach a view: a line of text, or the API's JSON error below /api/."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from gunicorn.asgi.parser import ParseError
from gunicorn.http import errors

_API_REQUEST = re.compile(rb"\S+ (?:https?://[^/ ]*)?/api/", re.IGNORECASE)


@dataclass(frozen=True)
class RawError:
    """A status, its code in the API, and a message."""

    status: HTTPStatus
    code: str
    message: str

    def response(self, request_line: bytes) -> bytes:
        """Return the entire response, after which the connection is closed."""
        content_type, body = "text/plain; charset=utf-8", f"{self.message}\n"
        if _API_REQUEST.match(request_line):
            content_type = "application/json"
            body = json.dumps({"error": {"code": self.code, "message": self.message}})
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "Connection: close",
            f"Content-Type: {content_type}",
            "X-Content-Type-Options: nosniff",
            "Cache-Control: no-store",
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join([*lines, "", body]).encode()


TOO_SLOW = RawError(HTTPStatus.REQUEST_TIMEOUT, "timeout", "The request did not arrive in time. Please try again.")
_FAILED = RawError(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", "Something went wrong. The error has been logged.")
_MALFORMED = RawError(HTTPStatus.BAD_REQUEST, "bad_request", "The request is malformed.")
_BY_TYPE = {
    errors.LimitRequestLine: RawError(HTTPStatus.REQUEST_URI_TOO_LONG, "address_too_long", "The address is too long."),
    errors.LimitRequestHeaders: RawError(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "headers_too_large",
        "There are too many headers, or they are too long.",
    ),
    errors.ExpectationFailed: RawError(
        HTTPStatus.EXPECTATION_FAILED, "expectation", "The only supported expectation is 100-continue."
    ),
    errors.UnsupportedTransferCoding: RawError(
        HTTPStatus.NOT_IMPLEMENTED, "transfer_coding", "The only supported transfer coding is chunked."
    ),
}


def describe(error: BaseException) -> RawError:
    """Return the response to an error raised by a parser or the application."""
    if isinstance(error, errors.InvalidResponseHeader | errors.InvalidResponseHeaderName):
        return _FAILED
    is_malformed = isinstance(error, errors.ParseException | ParseError)
    return _BY_TYPE.get(type(error), _MALFORMED if is_malformed else _FAILED)
