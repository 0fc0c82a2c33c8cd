"""Slow clients: some send nothing at all, and some send a header at one byte per second."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from time import monotonic

_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 1_000


@contextlib.contextmanager
def clients(port: int, *, idle: int = 0, dripping: int = 0) -> Iterator[None]:
    """Keep the given numbers of connections open during the block, reopening those that the server closes."""
    stop = threading.Event()
    thread = threading.Thread(target=_Clients(port, idle, dripping).run, args=[stop])
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class _Clients:
    def __init__(self, port: int, idle: int, dripping: int) -> None:
        self.port, self.idle, self.dripping = port, idle, dripping
        self.selector = selectors.DefaultSelector()

    def run(self, stop: threading.Event) -> None:
        for number in range(self.idle + self.dripping):
            self._connect(sends=number >= self.idle)
        while not stop.is_set():
            self._renew(until=monotonic() + 1)
            for key in list(self.selector.get_map().values()):
                self._drip(key)
        for key in list(self.selector.get_map().values()):
            self._close(key)
        self.selector.close()

    def _connect(self, *, sends: bool) -> None:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ, iter(_HEADER) if sends else None)

    def _renew(self, *, until: float) -> None:
        """Reopen connections that the server has closed."""
        while (remaining := until - monotonic()) > 0:
            for key, _ in self.selector.select(timeout=remaining):
                self._close(key)
                self._connect(sends=key.data is not None)

    def _drip(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            return
        with contextlib.suppress(OSError, StopIteration):  # Closed connections are reopened, and complete headers kept.
            key.fileobj.send(bytes([next(key.data)]))  # type: ignore[union-attr]  # these are sockets

    def _close(self, key: selectors.SelectorKey) -> None:
        self.selector.unregister(key.fileobj)
        key.fileobj.close()  # type: ignore[union-attr]  # these are sockets
