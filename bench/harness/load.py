"""A small HTTP client that keeps several connections busy and checks every response. Standard library only.

It is a closed loop in a single thread: each connection sends its next request after the response to the previous one.
The requests, and the checks of their responses, are provided by the caller.
"""

import re
import selectors
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter, process_time

#: Checks the status and body of a response. Returns what is wrong with it, or an empty string.
Check = Callable[[int, bytes], str]
#: A request as bytes, and the check for its response.
Exchange = tuple[bytes, Check]

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
_PIECE = 256 * 1024


@dataclass
class Measured:
    """The results of a run: the latencies of responses after the warm-up, in seconds, and all errors."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    client_share: float = 0.0
    #: The number of all responses, including wrong ones and the warm-up, and the servers' CPU time, set by the caller.
    answers: int = 0
    server_cpu: float = 0.0

    @property
    def cpu_each(self) -> float:
        """The servers' CPU seconds per response."""
        return self.server_cpu / self.answers if self.answers else float("nan")

    @property
    def rate(self) -> float:
        """Correct responses per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return the latency in seconds that the given fraction of responses did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def get(path: str, *, keep_alive: bool = True, accept: str = "*/*", etag: str = "") -> bytes:
    """Return a GET request. `etag` is that of a previous response."""
    condition = f"If-None-Match: {etag}\r\n".encode() if etag else b""
    return _head("GET", path, keep_alive, accept) + condition + b"\r\n"


def post(path: str, body: bytes, *, keep_alive: bool = True) -> bytes:
    """Return a POST request with a text body."""
    head = _head("POST", path, keep_alive)
    return head + b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _head(method: str, path: str, keep_alive: bool, accept: str = "*/*") -> bytes:
    connection = "keep-alive" if keep_alive else "close"
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Accept: {accept}", f"Connection: {connection}", ""]
    return "\r\n".join(lines).encode()


def run(
    port: int, exchanges: Iterable[Exchange], *, seconds: float, warm_up: float = 0.5, connections: int = 16
) -> Measured:
    """Send requests to a server on loopback until they or the seconds run out, ignoring responses in the warm-up."""
    return _Loop(port, iter(exchanges), seconds, warm_up).run(connections)


class _Connection:
    """A connection with its unsent and received data."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.unsent = memoryview(b"")
        self.request = b""
        self.received = bytearray()
        self.check: Check = lambda *_: ""
        self.started = 0.0
        self.is_reused = False


class _Loop:
    def __init__(self, port: int, exchanges: Iterator[Exchange], seconds: float, warm_up: float) -> None:
        self.port, self.exchanges = port, exchanges
        self.selector = selectors.DefaultSelector()
        self.measured = Measured()
        self.counts_from = perf_counter() + warm_up
        self.ends_at = self.counts_from + seconds
        self.open = 0

    def run(self, connections: int) -> Measured:
        cpu = process_time()
        begun = perf_counter()
        for _ in range(connections):
            self._ask(_Connection())
        while self.open:
            ready = self.selector.select(timeout=30)
            if not ready:
                self.measured.wrong["no response for 30 s"] += self.open
                break
            for key, events in ready:
                self._step(key.data, events)
        for key in list(self.selector.get_map().values()):
            self._drop(key.data)
        now = perf_counter()
        self.measured.seconds = min(now, self.ends_at) - self.counts_from
        self.measured.client_share = (process_time() - cpu) / (now - begun)
        self.selector.close()
        return self.measured

    def _ask(self, connection: _Connection) -> None:
        """Send the next request, or close the connection if there is none."""
        exchange = next(self.exchanges, None) if perf_counter() < self.ends_at else None
        if exchange is None:
            self._drop(connection)
            return
        connection.request, connection.check = exchange
        connection.started = perf_counter()
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        connection.unsent = memoryview(connection.request)
        connection.received.clear()
        connection.is_reused = connection.socket is not None
        if connection.socket is None:
            connection.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.socket.setblocking(False)
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
            self.open += 1
        self._write(connection)

    def _write(self, connection: _Connection) -> None:
        assert connection.socket is not None
        try:
            sent = connection.socket.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._broken(connection, type(error).__name__)
            return
        connection.unsent = connection.unsent[sent:]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        if self.selector.get_key(connection.socket).events != events:
            self.selector.modify(connection.socket, events, connection)

    def _step(self, connection: _Connection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._write(connection)
        if connection.socket is None or not events & selectors.EVENT_READ:
            return
        try:
            piece = connection.socket.recv(_PIECE)
        except OSError as error:
            self._broken(connection, type(error).__name__)
            return
        if not piece:
            self._broken(connection, "the server closed the connection")
            return
        connection.received += piece
        answer = _answer(connection.received)
        if answer is not None:
            self._answered(connection, *answer)

    def _answered(self, connection: _Connection, status: int, body: bytes, closes: bool) -> None:
        now = perf_counter()
        self.measured.answers += 1
        wrong = connection.check(status, body)
        if wrong:
            self.measured.wrong[wrong] += 1
        elif self.counts_from <= now <= self.ends_at:
            self.measured.latencies.append(now - connection.started)
        if closes:
            self._drop(connection)
        self._ask(connection)

    def _broken(self, connection: _Connection, why: str) -> None:
        """Retry once if a kept-alive connection was closed between two requests. Everything else is an error."""
        again = connection.is_reused and not connection.received
        self._drop(connection)
        if again:
            self._send(connection)
        else:
            self.measured.wrong[why] += 1
            self._ask(connection)

    def _drop(self, connection: _Connection) -> None:
        if connection.socket is not None:
            self.selector.unregister(connection.socket)
            connection.socket.close()
            connection.socket = None
            self.open -= 1


def _answer(received: bytearray) -> tuple[int, bytes, bool] | None:
    """Return the status, the body, and whether the connection closes, or None while the response is incomplete."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[: end + 2])
    status, closes = int(head[9:12]), _CLOSE.search(head) is not None
    if length := _LENGTH.search(head):
        body = bytes(received[end + 4 :])
        return (status, body, closes) if len(body) >= int(length[1]) else None
    if _CHUNKED.search(head):
        whole = _joined(received, end + 4)
        return None if whole is None else (status, whole, closes)
    return status, b"", closes


def _joined(received: bytearray, at: int) -> bytes | None:
    """Return the chunks starting at `at`, joined, or None while the last one is missing."""
    if not received.endswith(b"0\r\n\r\n"):
        return None
    chunks: list[bytes] = []
    while (line := received.find(b"\r\n", at)) >= 0:
        size = int(received[at:line], 16)
        if size == 0:
            return b"".join(chunks)
        chunks.append(bytes(received[line + 2 : line + 2 + size]))
        at = line + size + 4
    return None
