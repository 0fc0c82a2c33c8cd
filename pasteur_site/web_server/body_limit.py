"""Limit request bodies, with or without a Content-Length, before Django sees them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CHUNK_BYTES = 64 * 1024


class BodyLimitMiddleware:
    """WSGI middleware that adds a Content-Length to chunked requests.

    Django treats a body without a Content-Length as empty. A chunked body is read up to one byte over the limit, so
    that the view sees that it is too large and responds with 413 in the format that suits the caller.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = _read(environ["wsgi.input"], settings.PASTEUR_MAX_BODY_BYTES + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)


def _read(stream: Any, limit: int) -> bytes:
    """Read the stream until its end, but at most `limit` bytes."""
    body = bytearray()
    while len(body) < limit:
        piece = stream.read(min(_CHUNK_BYTES, limit - len(body)))
        if not piece:
            break
        body += piece
    return bytes(body)
