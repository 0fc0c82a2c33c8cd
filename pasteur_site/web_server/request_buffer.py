"""A buffer for a connection's next request until it is complete. This module must not use sockets or threads.

Requests are parsed by gunicorn: its WSGI parser handles the head, and its incremental parser decodes chunks.
"""

from __future__ import annotations

import io
from typing import Any

from gunicorn import http
from gunicorn.asgi.parser import PythonProtocol
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidHeader, LimitRequestHeaders, LimitRequestLine, UnsupportedTransferCoding

#: The number of seconds within which the head must arrive, and the minimum rate at which the body must follow.
HEAD_SECONDS = 10.0
BYTES_PER_SECOND = 10_000
#: The number of seconds within which more of the body must arrive, regardless of its length.
STALL_SECONDS = 30.0
_MAX_HEAD_BYTES = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"
#: The maximum length of a line in a chunked body. The decoder only counts a line until its end arrives, so it is fed a
#: little at a time. Only lines of twice this length are certain to be refused.
_CHUNK_LINE_BYTES = 4 * 1024
_CHUNKED_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class RequestBuffer:
    """A request that is being received, and the deadline for the rest of it."""

    def __init__(self, config: Any, client: Any, now: float, body_limit: int) -> None:
        self.deadline = now + HEAD_SECONDS
        #: The gunicorn request, or None until the head is complete.
        self.request: Any = None
        #: Whether the client waits for "100 Continue" before it sends the body.
        self.expects_continue = False
        #: Whether the body was not read to its end, so that nothing after it can be parsed.
        self.is_truncated = False
        self._config, self._client, self._body_limit = config, client, body_limit
        self._head = bytearray()
        self._body = bytearray()
        self._length = 0
        self._chunks: PythonProtocol | None = None

    def feed(self, data: bytes) -> bool:
        """Add data. Return whether the request can be passed to a thread.

        The rest of a body that exceeds the limit is not awaited. Raise gunicorn's ParseException, or ParseError for
        chunks.
        """
        if self._chunks:
            return self._feed_chunks(self._chunks, data)
        if self.request:
            self._body += data
            return len(self._body) >= self._length
        searched = max(0, len(self._head) - len(_END_OF_HEAD) + 1)
        self._head += data
        end = self._head.find(_END_OF_HEAD, searched)
        if end < 0:
            self._check_head_size()
            return False
        body = bytes(memoryview(self._head)[end + len(_END_OF_HEAD) :])
        del self._head[end + len(_END_OF_HEAD) :]
        return self._begin_body(body)

    def next_deadline(self, now: float) -> float:
        """Return the time by which more of the request must have arrived."""
        return min(self.deadline, now + STALL_SECONDS) if self.request else self.deadline

    @property
    def held_bytes(self) -> int:
        """The memory used by the request."""
        return len(self._head) + len(self._body)

    @property
    def request_line(self) -> bytes:
        """The first line, as far as it has arrived, truncated to 200 bytes."""
        return bytes(self._head[:200]).lstrip(b"\r\n").partition(b"\r\n")[0]

    def finish(self) -> bytes:
        """Set the body of the request and return the bytes that follow it. Call this once `feed` has returned True."""
        if self._chunks:
            body, rest = bytes(self._body), bytes(self._chunks.remaining())
        else:
            content = memoryview(self._body)
            body, rest = bytes(content[: self._length]), bytes(content[self._length :])
        self.request.body = io.BytesIO(body)
        return rest

    def _check_head_size(self) -> None:
        if len(self._head) > _MAX_HEAD_BYTES:
            if b"\r\n" not in self._head:
                raise LimitRequestLine(len(self._head), _MAX_HEAD_BYTES)
            raise LimitRequestHeaders("max buffer headers")

    def _begin_body(self, data: bytes) -> bool:
        self.request = next(http.get_parser(self._config, [bytes(self._head)], self._client))
        self._check_headers()
        asks = self.request._expected_100_continue  # noqa: SLF001  (there is no public attribute)
        self.request._expected_100_continue = False  # noqa: SLF001  (gunicorn would respond to it in the thread)
        reader = self.request.body.reader
        is_chunked = isinstance(reader, ChunkedReader)
        longest = self._body_limit if is_chunked else reader.length
        if longest > self._body_limit:
            self.is_truncated = True
            return True
        self.deadline += longest / BYTES_PER_SECOND
        if is_chunked:
            # It only decodes a body that follows a head, but the request's own head has already been parsed.
            self._chunks = PythonProtocol(on_body=self._add_chunk, limit_request_field_size=_CHUNK_LINE_BYTES)
            is_complete = self._feed_chunks(self._chunks, _CHUNKED_HEAD + data)
        else:
            self._body += data
            self._length = longest
            is_complete = len(data) >= longest
        self.expects_continue = asks and not is_complete
        return is_complete

    def _check_headers(self) -> None:
        """Refuse what gunicorn accepts: transfer codings that are not decoded, and a missing or repeated Host."""
        for name, value in self.request.headers:
            if name == "TRANSFER-ENCODING" and value.strip(" \t").lower() != "chunked":
                raise UnsupportedTransferCoding(value)
        hosts = sum(name == "HOST" for name, _ in self.request.headers)
        if hosts > 1 or (not hosts and self.request.version >= (1, 1)):
            raise InvalidHeader("HOST", req=self.request)

    def _feed_chunks(self, chunks: PythonProtocol, data: bytes) -> bool:
        for start in range(0, len(data), _CHUNK_LINE_BYTES):
            chunks.feed(data[start : start + _CHUNK_LINE_BYTES])
        self.is_truncated = len(self._body) > self._body_limit
        return bool(chunks.is_complete) or self.is_truncated

    def _add_chunk(self, chunk: bytes) -> None:
        """Keep at most one byte more than the limit, so that the view sees that the body is too large."""
        self._body += chunk[: self._body_limit + 1 - len(self._body)]
