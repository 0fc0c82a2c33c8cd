"""What is said of requests that no view has seen: one line for programs, the API's error below its addresses."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from gunicorn.http import errors

_TO_API = re.compile(rb"\S+ (?:https?://[^/ ]*)?/api/", re.IGNORECASE)


@dataclass(frozen=True)
class Complaint:
    """A status, the API's code for it, and a sentence."""

    status: HTTPStatus
    code: str
    message: str

    def answer(self, start: bytes) -> bytes:
        """Return the whole answer to a request that starts with these bytes; it is its connection's last."""
        content_type, body = "text/plain; charset=utf-8", f"{self.message}\n"
        if _TO_API.match(start):
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


TOO_SLOW = Complaint(HTTPStatus.REQUEST_TIMEOUT, "timeout", "The request did not arrive in time. Please try again.")
BROKEN = Complaint(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", "Something broke. It has been logged.")
_MALFORMED = Complaint(HTTPStatus.BAD_REQUEST, "bad_request", "The request is malformed.")
_KNOWN = {
    errors.LimitRequestLine: Complaint(HTTPStatus.REQUEST_URI_TOO_LONG, "address_too_long", "The address is too long."),
    errors.LimitRequestHeaders: Complaint(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "The headers are too many, or too long."
    ),
    errors.ExpectationFailed: Complaint(
        HTTPStatus.EXPECTATION_FAILED, "expectation", "Nothing but 100-continue can be expected."
    ),
    errors.UnsupportedTransferCoding: Complaint(
        HTTPStatus.NOT_IMPLEMENTED, "transfer_coding", "Send the body as it is, or chunked."
    ),
}


def about(error: BaseException) -> Complaint:
    """Return what to say when gunicorn has raised this instead of calling the application, or while it did."""
    if isinstance(error, errors.InvalidResponseHeader | errors.InvalidResponseHeaderName):
        return BROKEN
    return _KNOWN.get(type(error), _MALFORMED if isinstance(error, errors.ParseException) else BROKEN)
