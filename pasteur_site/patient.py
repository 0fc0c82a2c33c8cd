"""gunicorn's threads, given whole requests only: a client that is slow, or says nothing, holds a socket and no thread.

gunicorn's own worker hands a new connection to a thread at once, which waits up to 5 s for its first byte and for ever
for the rest; sixteen such clients are enough to stop the site. Here the loop that waits for all connections collects
what they send, and a thread gets a request when its head, and its body as far as its length was announced, are there.
What is not whole in time is dropped.
"""

from __future__ import annotations

import re
import selectors
import socket
import struct
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from django.conf import settings
from gunicorn import http
from gunicorn.workers.gthread import TConn, ThreadWorker

#: Seconds in which a head has to be there; and the least bytes a second at which the body has to follow.
HEAD_SECONDS = 10.0
BODY_BYTES_A_SECOND = 10_000
#: Bytes of requests that are not whole yet, all together; whoever sends more than that is dropped.
COLLECTED_BYTES = 64 * 1024 * 1024
#: Seconds that a thread waits for a client that does not read its answer, or stops in a body without a length.
STALLED_SECONDS = 20
#: A head longer than this is given to gunicorn as it is; it knows how to refuse it.
_HEAD_BYTES = 64 * 1024
_PIECE_BYTES = 256 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_ASKS_FIRST = re.compile(rb"\r\nexpect:", re.IGNORECASE)


@dataclass
class _Request:
    """What a connection has sent of its next request, and until when the rest of it has to be there."""

    ends_at: float
    content: bytearray = field(default_factory=bytearray)
    whole_bytes: int = 0

    def take(self, piece: bytes) -> bool:
        """Add a piece; returns whether a thread can have the request."""
        self.content += piece
        if not self.whole_bytes:
            self.whole_bytes = self._expected()
        return 0 < self.whole_bytes <= len(self.content)

    def _expected(self) -> int:
        """Return the bytes of the request as far as it is to be collected, or 0 before that is known."""
        end = self.content.find(b"\r\n\r\n")
        if end < 0:
            return len(self.content) if len(self.content) > _HEAD_BYTES else 0
        length = _LENGTH.search(self.content, 0, end + 2)
        if length is None or _ASKS_FIRST.search(self.content, 0, end + 2):
            return end + 4
        announced = int(length[1])
        if announced > settings.PASTEUR_MAX_BODY_BYTES:
            return end + 4  # It is refused without being read.
        self.ends_at += announced / BODY_BYTES_A_SECOND
        return end + 4 + announced


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """The worker of the web processes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._requests: dict[TConn, _Request] = {}
        self._collected_bytes = 0

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, and collect what it sends."""
        try:
            client, address = listener.accept()
        except OSError:
            return  # It has gone already, or another process was faster.
        self.nr_conns += 1
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            client.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", STALLED_SECONDS, 0))
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.initialized = conn.data_ready = True
        conn.parser = http.get_parser(self.cfg, client, address)
        self._collect(conn)

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Collect the next request of a kept connection like its first."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn)
        self._take(conn, client)

    def murder_pending(self) -> None:
        """Drop the connections whose request is not whole in time, and when stopping also those that say nothing."""
        now = monotonic()
        for conn, request in list(self._requests.items()):
            if request.ends_at < now or not (self.alive or request.content):
                self._drop(conn)

    def _collect(self, conn: TConn) -> None:
        self._requests[conn] = _Request(monotonic() + HEAD_SECONDS)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._take, conn))

    def _take(self, conn: TConn, client: socket.socket) -> None:
        """Take what a connection has sent; when it is a whole request, give it to a thread."""
        try:
            piece = client.recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self._collected_bytes += len(piece)
        if not piece:
            self._drop(conn)
        elif self._requests[conn].take(piece):
            conn.parser.unreader.unread(bytes(self._forget(conn).content))
            self.enqueue_req(conn)
        elif self._collected_bytes > COLLECTED_BYTES:
            self._drop(conn)

    def _forget(self, conn: TConn) -> _Request:
        self.poller.unregister(conn.sock)
        request = self._requests.pop(conn)
        self._collected_bytes -= len(request.content)
        return request

    def _drop(self, conn: TConn) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()
