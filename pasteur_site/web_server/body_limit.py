"""Request bodies are bounded before Django sees them, whether or not their length was announced."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CHUNK_BYTES = 64 * 1024


class BoundedBodies:
    """Give a chunked body a length, and cut every body that is longer than a request may be.

    Django reads a body without Content-Length as empty. A chunked one is therefore read here, up to one byte past the
    limit and no further, so that an endless one costs nothing; the view then sees a body that is too large and
    answers 413 in the form its caller expects. An honest Content-Length past the limit needs no reading at all.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = _read(environ["wsgi.input"], settings.PASTEUR_MAX_BODY_BYTES + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)


def _read(stream: Any, limit: int) -> bytes:
    """Read at most `limit` bytes, however small the pieces in which they come."""
    body = bytearray()
    while len(body) < limit:
        piece = stream.read(min(_CHUNK_BYTES, limit - len(body)))
        if not piece:
            break
        body += piece
    return bytes(body)
