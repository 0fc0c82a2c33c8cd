"""gunicorn's threads, given whole requests only: a client that is slow, or says nothing, holds a socket and no thread.

gunicorn's own worker hands a new connection to a thread at once, which waits up to 5 s for its first byte and for ever
for the rest; sixteen such clients are enough to stop the site. Here the loop that waits for all connections collects
what they send, chunked or not, and asks for bodies that wait to be asked for. A thread gets a request when all of it is
there, or when it is refused without the rest of its body. It never reads from a socket, nor waits until it can write:
what a client does not take at once the loop sends too, and it waits until the last answer has been read.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from functools import partial
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from gunicorn import http
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from pasteur_site.web_server import raw_errors
from pasteur_site.web_server.nonblocking_socket import Wire
from pasteur_site.web_server.request_buffer import BYTES_A_SECOND, Incoming

#: Bytes of requests that are not whole yet, and of answers that are not read yet, all together. What is dropped beyond
#: that is what has held the most for the longest, not what comes last. Two of the longest requests fit in any case.
HELD_BYTES = 64 * 1024 * 1024
#: For how long, and how much of, what a client still sends after its last answer is read and thrown away. If the
#: connection were closed at once, the client's system would throw the answer away.
LINGER_SECONDS = 10.0
LINGER_BYTES = 64 * 1024 * 1024
#: Seconds in which a client has to begin to read its answer.
ANSWER_SECONDS = 20.0
#: A process that has connections lets the others be faster: when many come at once, it would take all of them before
#: another is awake, and leave it, and its processor, without work.
_YIELD_SECONDS = 0.0001
_LOOK_SECONDS = 0.5
_PIECE_BYTES = 64 * 1024
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Conn(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection; while it waits in the loop, for what, until when, and what it holds since when."""

    sock: Wire
    incoming: Incoming
    on_ready: Callable[[_Conn], None]
    on_overdue: Callable[[_Conn], None]
    since = 0.0
    ends_at = 0.0
    held_bytes = 0
    lingered_bytes = 0


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """The worker of the web processes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: set[_Conn] = set()
        self._held_bytes = 0
        self._looks_at = 0.0

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, and collect what it sends. When there is no place for more, the slowest gives way."""
        if self.nr_conns >= self.cfg.threads:
            sleep(_YIELD_SECONDS)
        try:
            client, address = listener.accept()
        except OSError:
            return  # It has gone already, or another process was faster.
        self.nr_conns += 1
        conn = _Conn(self.cfg, Wire(client), address, listener.getsockname())
        conn.initialized = conn.data_ready = True
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._begin(conn)
        self._collect(conn)

    def on_client_socket_readable(self, conn: _Conn, client: Wire) -> None:
        """Collect the next request of a kept connection like its first."""
        try:
            self.keepalived_conns.remove(conn)
        except ValueError:
            return  # It has been dropped for another that was ready at the same time.
        self.poller.unregister(client)
        self._begin(conn)
        self._take(conn)

    def murder_pending(self) -> None:
        """End what is not done in time; when stopping, also what says nothing and what has been answered."""
        now = monotonic()
        if now < self._looks_at:
            return
        self._looks_at = now + _LOOK_SECONDS
        for conn in list(self._waiting):
            if conn.ends_at < now or not (self.alive or conn.held_bytes):
                conn.on_overdue(conn)

    def handle_request(self, req: Any, conn: _Conn) -> bool:
        """Answer a request; the connection's last one when some of its body has been left on the wire."""
        req._expected_100_continue = False  # noqa: SLF001  (the loop has asked for the body)
        if conn.incoming.is_unread:
            req.force_close()
        return bool(super().handle_request(req, conn))

    def handle_error(self, req: Any, client: Wire, addr: Any, exc: BaseException) -> None:
        """Say what is wrong with a request that no view has seen, or that something broke."""
        complaint = raw_errors.about(exc)
        if complaint is raw_errors.BROKEN:
            self.log.error("Error handling request %r", client.start, exc_info=exc)
        else:
            self.log.warning("Invalid request from ip=%s: %s", addr[0] if addr else "", exc)
        client.sendall(complaint.answer(client.start))

    def finish_request(self, conn: _Conn, fs: Any) -> None:
        """Send what is left of an answer; then wait for the connection's next request, or for its end."""
        goes_on = not fs.cancelled() and not fs.exception() and bool(fs.result())
        self._answered(conn, goes_on=goes_on)

    def _keepalive_after(self, conn: _Conn, keepalive: bool) -> bool:
        """Whether the connection goes on. No body has to be read before, as gunicorn does here."""
        return keepalive

    def _make_room(self) -> None:
        """Drop the connection that has been waiting for its client for the longest, or else one that says nothing."""
        if self._waiting:
            self._drop(min(self._waiting, key=lambda conn: conn.since))
        elif self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
            self._drop(conn)

    def _begin(self, conn: _Conn) -> None:
        conn.since = monotonic()
        conn.incoming = Incoming(conn.since, settings.PASTEUR_MAX_BODY_BYTES)

    def _collect(self, conn: _Conn) -> None:
        self._wait(conn, selectors.EVENT_READ, self._take, conn.incoming.ends_at, self._give_up)

    def _take(self, conn: _Conn) -> None:
        """Take what a connection has sent."""
        try:
            piece = conn.sock.recv(_PIECE_BYTES)
        except BlockingIOError:
            self._collect(conn)
        except OSError:
            self._drop(conn)
        else:
            self._add(conn, piece) if piece else self._drop(conn)

    def _add(self, conn: _Conn, piece: bytes) -> None:
        """Add a piece to the request of a connection; when that is whole, give it to a thread."""
        try:
            is_whole = conn.incoming.take(piece)
            if conn.incoming.asks_first:
                conn.incoming.asks_first = False
                conn.sock.send(_GO_ON)
        except ParseException as error:
            self._refuse(conn, raw_errors.about(error))
        except OSError:
            self._drop(conn)
        else:
            if is_whole:
                self._hand_over(conn)
                return
            self._collect(conn)
            self._hold(conn, conn.incoming.held_bytes)

    def _hand_over(self, conn: _Conn) -> None:
        self._rest(conn)
        conn.sock.start = conn.incoming.start
        conn.parser = http.get_parser(self.cfg, [conn.incoming.cut_out()], conn.client)
        self.enqueue_req(conn)

    def _give_up(self, conn: _Conn) -> None:
        """Do without the rest of a request; only who has begun to send a body waits for an answer."""
        if conn.incoming.has_head:
            self._refuse(conn, raw_errors.TOO_SLOW)
        else:
            self._drop(conn)

    def _refuse(self, conn: _Conn, complaint: raw_errors.Complaint) -> None:
        self._rest(conn)
        try:
            conn.sock.sendall(complaint.answer(conn.incoming.start))
        except OSError:
            self._drop(conn)
        else:
            self._answered(conn, goes_on=False)

    def _answered(self, conn: _Conn, *, goes_on: bool) -> None:
        """Go on after an answer, when the client has taken all of it."""
        unsent_bytes = len(conn.sock.unsent)
        if unsent_bytes:
            conn.since = monotonic()
            ends_at = conn.since + ANSWER_SECONDS + unsent_bytes / BYTES_A_SECOND
            self._wait(conn, selectors.EVENT_WRITE, partial(self._send, goes_on=goes_on), ends_at, self._drop)
            self._hold(conn, unsent_bytes)
        elif not goes_on:
            self._linger(conn)
        elif rest := conn.incoming.rest:
            self._begin(conn)
            self._add(conn, rest)
        else:
            self._keep(conn)

    def _send(self, conn: _Conn, *, goes_on: bool) -> None:
        """Send more of an answer."""
        try:
            is_done = conn.sock.send_on()
        except OSError:
            self._drop(conn)
            return
        self._hold(conn, len(conn.sock.unsent))
        if is_done:
            self._rest(conn)
            self._answered(conn, goes_on=goes_on)

    def _keep(self, conn: _Conn) -> None:
        """Wait for the next request, as gunicorn does."""
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, monotonic() + STOP_KEEPALIVE_LINGER)
        conn.sock.setblocking(False)
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    def _linger(self, conn: _Conn) -> None:
        """Say that this was all, and wait for the client to go."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
        else:
            self._wait(conn, selectors.EVENT_READ, self._discard, monotonic() + LINGER_SECONDS, self._drop)

    def _discard(self, conn: _Conn) -> None:
        try:
            piece = conn.sock.recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        conn.lingered_bytes += len(piece)
        if not piece or conn.lingered_bytes > LINGER_BYTES:
            self._drop(conn)

    def _wait(
        self,
        conn: _Conn,
        event: int,
        on_ready: Callable[[_Conn], None],
        ends_at: float,
        on_overdue: Callable[[_Conn], None],
    ) -> None:
        """Call one or the other, when the socket is ready or when time is up, until the connection rests."""
        conn.on_ready, conn.ends_at, conn.on_overdue = on_ready, ends_at, on_overdue
        if conn not in self._waiting:
            self._waiting.add(conn)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, event, partial(self._ready, conn))

    def _ready(self, conn: _Conn, client: Wire) -> None:
        if conn in self._waiting:  # See on_client_socket_readable.
            conn.on_ready(conn)

    def _rest(self, conn: _Conn) -> None:
        """Let the loop wait for a connection no longer."""
        if conn in self._waiting:
            self._waiting.remove(conn)
            self.poller.unregister(conn.sock)
        self._held_bytes -= conn.held_bytes
        conn.held_bytes = 0

    def _hold(self, conn: _Conn, held_bytes: int) -> None:
        """Count what a connection holds; when all together hold too much, end the one that has cost the most."""
        self._held_bytes += held_bytes - conn.held_bytes
        conn.held_bytes = held_bytes
        now = monotonic()
        while self._held_bytes > max(HELD_BYTES, 2 * settings.PASTEUR_MAX_BODY_BYTES):
            costliest = max(self._waiting, key=lambda other: other.held_bytes * (1 + now - other.since))
            costliest.on_overdue(costliest)

    def _drop(self, conn: _Conn) -> None:
        self._rest(conn)
        self.nr_conns -= 1
        conn.close()
