"""A client's connection in the event loop, with or without TLS. No method blocks.

A connection receives a request, waits for a thread to handle it, sends the response, and then starts again or closes.
"""

from __future__ import annotations

import asyncio
import enum
import math
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.conf import settings
from gunicorn.asgi.parser import ParseError
from gunicorn.http.errors import NoMoreData, ParseException

from pasteur_site.web_server import raw_errors
from pasteur_site.web_server.request_buffer import BYTES_PER_SECOND, HEAD_SECONDS, RequestBuffer

if TYPE_CHECKING:
    from pasteur_site.web_server.buffered_worker import BufferedWorker

#: The number of seconds within which a client must start reading the response.
ANSWER_SECONDS = 20.0
#: How long and how many bytes to read and discard if a client is still sending after its last response. Closing the
#: connection immediately would make the client's system discard the response.
LINGER_SECONDS = 10.0
LINGER_BYTES = 64 * 1024 * 1024
#: The number of bytes to read ahead while a request is being handled.
_READ_AHEAD_BYTES = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class State(enum.Enum):
    """The state of a connection."""

    HANDSHAKE = enum.auto()
    IDLE = enum.auto()
    RECEIVING = enum.auto()
    ANSWERING = enum.auto()
    SENDING = enum.auto()
    CLOSING = enum.auto()


class Connection(asyncio.BufferedProtocol):
    """A connection, since when it has been waiting, its deadline, and how many bytes it holds."""

    def __init__(self, worker: BufferedWorker, client: Any, server: Any, *, is_tls: bool) -> None:
        self.client, self.server, self.is_tls = client, server, is_tls
        self.handshake: asyncio.Task[Any] | None = None
        self.state = State.HANDSHAKE
        self.since = monotonic()
        self.deadline = self.since + HEAD_SECONDS
        self.held_bytes = 0
        self._worker = worker
        self._transport: Any = None
        self._buffer = self._new_buffer()
        self._read_ahead = b""
        self._discarded_bytes = 0
        self._is_kept_alive = self._has_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.set_write_buffer_limits(0)
        self.state = State.RECEIVING

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._worker.receive_buffer  # Its content is copied before any other connection is read from.

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self._worker.receive_buffer[:nbytes])
        if self.state is State.IDLE:
            self._begin_request()
        if self.state is State.RECEIVING:
            self._receive(data)
        elif self.state is State.CLOSING:
            self._discarded_bytes += nbytes
            if self._discarded_bytes > LINGER_BYTES:
                self.drop()
        else:
            self._read_ahead += data
            if len(self._read_ahead) > _READ_AHEAD_BYTES:
                self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Keep the connection open if a response is being prepared or sent."""
        self._has_ended = True
        return self.state in {State.ANSWERING, State.SENDING}

    def resume_writing(self) -> None:
        if self.state is State.SENDING:
            self._finish_answer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._worker.remove(self)

    def answer(self, content: bytes, *, keep_alive: bool) -> None:
        """Send a response as fast as the client reads it, then wait for the next request or close."""
        if self._transport.is_closing():
            return
        self.state = State.SENDING
        self._is_kept_alive = keep_alive
        self._transport.write(content)
        unsent_bytes = self._transport.get_write_buffer_size()
        if not unsent_bytes:
            self._finish_answer()
            return
        self.since = monotonic()
        self.deadline = self.since + ANSWER_SECONDS + unsent_bytes / BYTES_PER_SECOND
        self._worker.hold(self, unsent_bytes)

    def time_out(self) -> None:
        """Close the connection, after a response if the client has started to send a body."""
        if self.state is State.RECEIVING and self._buffer.request:
            self._refuse(raw_errors.TOO_SLOW)
        else:
            self.drop()

    def drop(self) -> None:
        """Close the connection immediately."""
        self._worker.remove(self)
        if self._transport:
            self._transport.abort()
        elif self.handshake:
            self.handshake.cancel()

    def stop(self, linger_seconds: float) -> None:
        """Make a connection without a request close soon because the worker is stopping."""
        if self.state in {State.HANDSHAKE, State.IDLE, State.CLOSING} or not self._buffer.held_bytes:
            self.deadline = min(self.deadline, monotonic() + linger_seconds)

    def _new_buffer(self) -> RequestBuffer:
        return RequestBuffer(self._worker.cfg, self.client, self.since, settings.PASTEUR_MAX_BODY_BYTES)

    def _begin_request(self) -> None:
        self.state = State.RECEIVING
        self.since = monotonic()
        self._buffer = self._new_buffer()

    def _receive(self, data: bytes) -> None:
        buffer = self._buffer
        try:
            is_complete = buffer.feed(data)
        except (NoMoreData, StopIteration):
            self.drop()
        except (ParseException, ParseError) as error:
            self._worker.log.warning("Invalid request from ip=%s: %s", self.client[0] if self.client else "", error)
            self._refuse(raw_errors.describe(error))
        else:
            if is_complete:
                self._read_ahead = buffer.finish()
                self.state, self.deadline = State.ANSWERING, math.inf
                self._worker.hold(self, 0)
                self._worker.submit(self, buffer)
                return
            if buffer.expects_continue:
                buffer.expects_continue = False
                self._transport.write(_CONTINUE)
            self.deadline = buffer.next_deadline(monotonic())
            self._worker.hold(self, buffer.held_bytes)

    def _refuse(self, error: raw_errors.RawError) -> None:
        self._buffer.is_truncated = True
        self.answer(error.response(self._buffer.request_line), keep_alive=False)

    def _finish_answer(self) -> None:
        self._worker.hold(self, 0)
        if not self._is_kept_alive or (self._has_ended and not self._read_ahead):
            self._close()
            return
        data, self._read_ahead = self._read_ahead, b""
        self._transport.resume_reading()
        if data:
            self._begin_request()
            self._receive(data)
        else:
            self.state = State.IDLE
            self.deadline = monotonic() + self._worker.keep_alive_seconds

    def _close(self) -> None:
        """Close the connection, but keep reading for a while if the client may still be sending."""
        self.state = State.CLOSING
        self.deadline = monotonic() + LINGER_SECONDS
        self._transport.resume_reading()
        if self._has_ended:
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()
        elif not self._buffer.is_truncated:
            self._transport.close()  # TLS connections cannot be half-closed.
