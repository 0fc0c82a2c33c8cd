"""The gunicorn worker for the web processes, with an event loop for clients and threads for complete requests.

The threads of gunicorn's own worker read from their client and wait for it, so that sixteen slow clients would stop the
site. Here, the event loop receives requests, sends responses and handles TLS, and threads never touch a socket. A slow
client only costs memory and a file descriptor, both of which are limited.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from gunicorn.http import wsgi
from gunicorn.workers.base import Worker

from pasteur_site.web_server import raw_errors
from pasteur_site.web_server.connection import Connection, State
from pasteur_site.web_server.request_buffer import HEAD_SECONDS, RequestBuffer
from pasteur_site.web_server.tls import TlsContext

#: The maximum number of bytes in incomplete requests and unread responses in this process. If it is exceeded, the
#: connection that has held the most for the longest time is closed. Two requests of the maximum size always fit.
MAX_HELD_BYTES = 64 * 1024 * 1024
#: How long a worker that is stopping still accepts requests on open connections.
STOP_SECONDS = 2.0
#: A busy process gives the others a head start. If many connections arrive at once, it would otherwise accept all of
#: them before the others wake up, leaving a processor idle.
_YIELD_SECONDS = 0.0001
_SWEEP_SECONDS = 0.5
_RECEIVE_BYTES = 64 * 1024


class BufferedWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """A WSGI worker whose threads never wait for clients."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alive: bool
        self.receive_buffer = memoryview(bytearray(_RECEIVE_BYTES))
        self.keep_alive_seconds = self.cfg.keepalive
        self._connections: set[Connection] = set()
        self._held_bytes = 0

    def run(self) -> None:
        self._threads = ThreadPoolExecutor(self.cfg.threads)
        self._tls = TlsContext(self.cfg, self.log) if self.cfg.is_ssl else None
        asyncio.run(self._serve())
        self._threads.shutdown(wait=False)

    def submit(self, connection: Connection, buffer: RequestBuffer) -> None:
        """Pass a complete request to a thread."""
        self._threads.submit(self._answer, connection, buffer)

    def hold(self, connection: Connection, held_bytes: int) -> None:
        """Set how many bytes a connection holds. Close the most expensive connections while the total is too high."""
        self._held_bytes += held_bytes - connection.held_bytes
        connection.held_bytes = held_bytes
        while self._held_bytes > max(MAX_HELD_BYTES, 2 * settings.PASTEUR_MAX_BODY_BYTES):
            now = monotonic()
            max(self._connections, key=lambda other: other.held_bytes * (1 + now - other.since)).time_out()

    def remove(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._connections.discard(connection)
        self._held_bytes -= connection.held_bytes
        connection.held_bytes = 0

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        self._loop.add_signal_handler(signal.SIGTERM, stopped.set)
        for listener in self.sockets:
            listener.setblocking(False)
            self._loop.add_reader(listener, self._accept, listener)
        while self.alive and self.ppid == os.getppid() and not stopped.is_set():
            self.notify()
            self._end_overdue()
            if self._tls:
                self._tls.refresh()
            try:
                await asyncio.wait_for(stopped.wait(), _SWEEP_SECONDS)
            except TimeoutError:
                continue
        self.alive = False
        await self._stop()

    async def _stop(self) -> None:
        """Stop accepting connections, and close open ones once their requests have been handled."""
        for listener in self.sockets:
            self._loop.remove_reader(listener)
            listener.close()
        for connection in self._connections:
            connection.stop(STOP_SECONDS)
        deadline = monotonic() + self.cfg.graceful_timeout
        while self._connections and monotonic() < deadline:
            self.notify()
            self._end_overdue()
            await asyncio.sleep(0.05)

    def _accept(self, listener: Any) -> None:
        if len(self._connections) >= self.cfg.threads:
            sleep(_YIELD_SECONDS)
        try:
            client, address = listener.accept()
        except OSError:
            return  # It is already gone, or another process was faster.
        if len(self._connections) >= self.cfg.worker_connections:
            self._make_room()
        server = listener.getsockname()
        is_plain = self._tls is None or (settings.PASTEUR_HTTPS and server[1] == settings.PORT)
        connection = Connection(self, address, server, is_tls=not is_plain)
        self._connections.add(connection)
        connection.handshake = self._loop.create_task(self._connect(connection, client))

    async def _connect(self, connection: Connection, client: socket.socket) -> None:
        """Start reading from a connection, after the TLS handshake if there is one."""
        tls = self._tls.current if self._tls and connection.is_tls else None
        seconds = HEAD_SECONDS if tls else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                client,
                ssl=tls,
                ssl_handshake_timeout=seconds,
                ssl_shutdown_timeout=seconds,
            )
        except OSError as error:  # Includes TLS errors.
            self.log.debug("No connection with ip=%s: %s", connection.client, error)
            self.remove(connection)

    def _make_room(self) -> None:
        """Drop the connection that has been waiting for its client the longest, idle keep-alive connections last."""
        waiting = [connection for connection in self._connections if connection.state is not State.ANSWERING]
        if waiting:
            min(waiting, key=lambda connection: (connection.state is State.IDLE, connection.since)).drop()

    def _end_overdue(self) -> None:
        now = monotonic()
        for connection in [connection for connection in self._connections if connection.deadline < now]:
            connection.time_out()

    def _answer(self, connection: Connection, buffer: RequestBuffer) -> None:
        """Handle a request. Runs in a thread."""
        try:
            content, keep_alive = self._call_application(connection, buffer)
        except Exception as error:  # Nothing above this would handle it.
            self.log.exception("Error handling request %r", buffer.request_line)
            content, keep_alive = raw_errors.describe(error).response(buffer.request_line), False
        try:
            self._loop.call_soon_threadsafe(partial(connection.answer, content, keep_alive=keep_alive))
        except RuntimeError:
            pass  # The event loop has ended because this worker ran out of time to stop.

    def _call_application(self, connection: Connection, buffer: RequestBuffer) -> tuple[bytes, bool]:
        """Return the entire response, including its head, and whether the connection is kept open."""
        output = _Output()
        response, environ = wsgi.create(buffer.request, output, connection.client, connection.server, self.cfg)
        environ["wsgi.multithread"] = True
        environ["wsgi.url_scheme"] = "https" if connection.is_tls else "http"
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        if buffer.is_truncated or not self.alive:
            response.force_close()
        body = self.wsgi(environ, response.start_response)
        try:
            for part in body:
                response.write(part)
            response.close()
        finally:
            if hasattr(body, "close"):
                body.close()
        return b"".join(output.parts), not response.should_close()


class _Output:
    """A replacement for the client's socket to which gunicorn writes the response."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.sendall = self.parts.append
