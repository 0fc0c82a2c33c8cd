"""Slow and silent clients take up only a socket: they do not delay other clients."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return one running site for all tests in this file."""
    with Pasteur() as site:
        yield site


def connect(site: Pasteur) -> socket.socket:
    """Open a connection without sending anything yet."""
    return socket.create_connection(("127.0.0.1", site.port), timeout=15)


def read_all(wire: socket.socket) -> bytes:
    """Read everything until the server closes the connection."""
    content = b""
    while piece := wire.recv(65_536):
        content += piece
    return content


HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
#: What a client sends immediately, and what it then sends byte by byte.
SLOW = {
    "silent": (b"", b""),
    "in_the_head": (HEAD + b"X-Slow: ", b"x"),
    "in_an_endless_head": (HEAD + b"X: y\r\n" * 11_000, b"x"),
    "in_an_announced_body": (HEAD + b"Content-Length: 1000\r\n\r\n", b"x"),
    "in_a_body_with_a_length_of_many_digits": (HEAD + b"Content-Length: " + b"0" * 50 + b"99\r\n\r\n", b"x"),
    "in_a_chunk": (CHUNKED + b"\r\n3e8\r\n", b"x"),
    "in_a_size": (CHUNKED + b"\r\n", b"0"),
    "in_trailers": (CHUNKED + b"\r\n0\r\nX-Slow: ", b"x"),
    "after_asking": (HEAD + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n", b"x"),
    "after_asking_for_chunks": (CHUNKED + b"Expect: 100-continue\r\n\r\n", b"1"),
    "in_what_is_too_long": (HEAD + b"Content-Length: 100000000000\r\n\r\n", b"x"),
    "in_what_no_view_takes": (HEAD.replace(b"POST", b"GET") + b"Content-Length: 100000000000\r\n\r\n", b"x"),
    "in_closing": (HEAD.replace(b"POST", b"GET") + b"Connection: close\r\n\r\n", b""),
}


@pytest.mark.alone
@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_do_not_delay_other_clients(site: Pasteur, kind: str) -> None:
    """40 clients send something and then a byte now and then; all others are served as if they were alone."""
    at_once, drop = SLOW[kind]
    key = site.paste("read me")
    with ExitStack() as held:
        wires = [held.enter_context(connect(site)) for _ in range(40)]
        for wire in wires:
            wire.sendall(at_once)
        time.sleep(0.2)

        seconds = read_times(site, key, lambda: drip(wires, drop))

    assert p99(seconds) < 0.5


@pytest.mark.alone
def test_clients_that_do_not_read_do_not_delay_other_clients(site: Pasteur) -> None:
    long, key = site.paste("many words\n" * 40_000), site.paste("read me")
    with ExitStack() as held:
        for _ in range(40):
            wire = held.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            wire.connect(("127.0.0.1", site.port))
            wire.sendall(f"GET /{long}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 20)
        time.sleep(4)

        assert p99(read_times(site, key, lambda: None)) < 0.5


def test_a_response_that_is_read_slowly_is_complete(site: Pasteur) -> None:
    text = b"".join(b"%d\n" % number for number in range(70_000))
    key = site.paste(text)
    request = f"GET /{key}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        wire.connect(("127.0.0.1", site.port))
        wire.sendall(request * 3 + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        time.sleep(1)

        assert read_all(wire).count(text) == 4


@pytest.mark.alone
@pytest.mark.parametrize("framing", [b"Content-Length: 3000000\r\n", CHUNKED[len(HEAD) :]])
def test_a_stalled_body_times_out_after_30_seconds(site: Pasteur, framing: bytes) -> None:
    with connect(site) as wire:
        wire.settimeout(50)
        wire.sendall(HEAD + framing + b"\r\n3e8\r\nxxx")
        started = time.monotonic()

        assert read_all(wire).startswith(b"HTTP/1.1 408 ")

        assert 25 < time.monotonic() - started < 45


def drip(wires: list[socket.socket], drop: bytes) -> None:
    """Send a byte on each of these connections, unless it has been closed."""
    for wire in wires:
        with contextlib.suppress(OSError):
            wire.send(drop)


def read_times(site: Pasteur, key: str, concurrently: Callable[[], object]) -> list[float]:
    """Return the duration of each of many reads of a paste, in seconds."""
    site.http.clear()
    seconds = []
    for number in range(60):
        if number % 20 == 0:
            concurrently()
        started = time.monotonic()
        assert site.http.request("GET", f"{site.url}/{key}/raw").data == b"read me"
        seconds.append(time.monotonic() - started)
    return seconds


def p99(seconds: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(seconds)[int(len(seconds) * 0.99) - 1]


@pytest.mark.alone
def test_silent_and_dripping_clients_do_not_delay_other_clients(site: Pasteur) -> None:
    key = site.paste("read me")
    with ExitStack() as held:
        for number in range(500):
            wire = held.enter_context(connect(site))
            if number % 2:
                wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")

        assert p99(read_times(site, key, lambda: None)) < 0.5


@pytest.mark.alone
def test_more_clients_than_the_limit_do_not_lock_out_others() -> None:
    with Pasteur(PASTEUR_WEB_PROCESSES="1") as site, ExitStack() as held:
        key = site.paste("read me")
        for _ in range(1_200):
            held.enter_context(connect(site)).sendall(HEAD + b"Content-Length: 3000000\r\n\r\n")

        assert p99(read_times(site, key, lambda: None)) < 0.5


def test_a_head_that_is_never_completed_is_dropped(site: Pasteur) -> None:
    with connect(site) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\n")

        assert read_all(wire) == b""


def test_a_request_in_single_bytes_is_served(site: Pasteur) -> None:
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nslow"
    with connect(site) as wire:
        for byte in request:
            wire.sendall(bytes([byte]))

        assert b" 201 " in read_all(wire)


def test_two_pipelined_requests_are_both_served(site: Pasteur) -> None:
    one = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\none"
    two = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\ntwo"
    with connect(site) as wire:
        wire.sendall(one + two)

        assert read_all(wire).count(b" 201 ") == 2


def test_a_client_that_sends_expect_gets_100_continue(site: Pasteur) -> None:
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )
    with connect(site) as wire:
        wire.sendall(head)
        assert wire.recv(100).startswith(b"HTTP/1.1 100 ")
        wire.sendall(b"text")

        assert b" 201 " in read_all(wire)


@pytest.mark.parametrize("framing", [b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_client_gets_100_continue_only_once(site: Pasteur, framing: bytes) -> None:
    with connect(site) as wire:
        wire.sendall(HEAD + framing + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(b"text" if b"Length" in framing else b"4\r\ntext\r\n0\r\n\r\n")

        assert read_all(wire).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (HEAD + b"Content-Length: 100000000000\r\nExpect: 100-continue\r\n\r\n", b"413"),
        (HEAD + b"Content-Length: 4\r\nExpect: miracles\r\n\r\n", b"417"),
        (HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n", b"400"),
        (HEAD + b"Transfer-Encoding: gzip\r\nExpect: 100-continue\r\n\r\n", b"400"),
        (CHUNKED.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 4x\r\nExpect: 100-continue\r\n\r\n", b"400"),
        (HEAD + b"X: y\r\n" * 11_000, b"431"),
        (b"GET /" + b"x" * 70_000, b"414"),
    ],
    ids=["too_long", "expectation", "both", "coding", "old", "no_number", "endless_head", "endless_line"],
)
def test_a_refused_body_is_not_requested(site: Pasteur, head: bytes, status: bytes) -> None:
    with connect(site) as wire:
        wire.sendall(head)

        assert read_all(wire).split()[1] == status


def test_an_http_1_0_client_gets_no_100_continue(site: Pasteur) -> None:
    with connect(site) as wire:
        wire.sendall(HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        wire.sendall(b"text")

        assert read_all(wire).startswith(b"HTTP/1.0 201 ")


def test_pipelined_chunked_requests_are_all_served(site: Pasteur) -> None:
    one = CHUNKED + b"\r\n1;a=b\r\no\r\n2 ; c\r\nne\r\n0;last\r\nX-Trailer: y\r\n\r\n"
    two = CHUNKED + b"\r\n003\r\ntwo\r\n0\r\n\r\n"
    three = CHUNKED + b"Connection: close\r\n\r\n5\r\nthree\r\n0\r\n\r\n"
    with connect(site) as wire:
        for byte in one + two + three:
            wire.sendall(bytes([byte]))
        assert read_all(wire).count(b" 201 ") == 3
    with connect(site) as wire:
        wire.sendall(one + two + three)
        answers = read_all(wire)

    keys = [line.rpartition(b"/")[2].decode() for line in answers.split(b"\r\n") if line.startswith(b"Location: ")]
    texts = [site.http.request("GET", f"{site.url}/{key}/raw").data for key in keys]
    assert texts == [b"one", b"two", b"three"]


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n",
        b"\r\n",
        b"3\r\ntexts\r\n",
        b"4 \r\ntext\r\n",
        b"4;=\r\ntext\r\n",
        b"4\ntext\n",
        b"-4\r\n",
        b"1" * 9_000,
    ],
)
def test_malformed_chunks_are_refused(site: Pasteur, body: bytes) -> None:
    with connect(site) as wire:
        wire.sendall(CHUNKED + b"\r\n" + body + b"0\r\n\r\n")

        assert read_all(wire).startswith(b"HTTP/1.1 400 ")


def test_a_stalled_body_gets_408(site: Pasteur) -> None:
    with connect(site) as wire:
        wire.sendall(HEAD + b"Content-Length: 10\r\n\r\nhalf")

        assert read_all(wire).startswith(b"HTTP/1.1 408 ")


def test_the_connection_that_holds_the_most_for_the_longest_is_dropped_instead_of_the_newest() -> None:
    with Pasteur(PASTEUR_WEB_PROCESSES="1") as site, ExitStack() as held:
        for _ in range(23):
            wire = held.enter_context(connect(site))
            wire.sendall(HEAD + b"Content-Length: 3000000\r\n\r\n" + bytes(2_900_000))
        time.sleep(1)
        last = held.enter_context(connect(site))
        last.sendall(HEAD + b"Connection: close\r\nContent-Length: 500001\r\n\r\n" + b"x" * 500_000)
        time.sleep(0.5)
        last.sendall(b"x")

        assert read_all(last).startswith(b"HTTP/1.1 201 ")


def test_concurrent_connections_are_shared_among_the_processes(site: Pasteur) -> None:
    web = site.children()["web"]
    workers = Path(f"/proc/{web}/task/{web}/children").read_text().split()
    assert len(workers) == 2
    for _ in range(5):
        before = [sockets(pid) for pid in workers]
        with ExitStack() as stack:
            wires = [stack.enter_context(connect(site)) for _ in range(16)]
            for wire in wires:
                wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for wire in wires:
                assert wire.recv(65_536).startswith(b"HTTP/1.1 200")
            taken = [sockets(pid) - count for pid, count in zip(workers, before, strict=True)]
        assert min(taken) >= 2, taken
        time.sleep(0.5)  # Until they are closed on the other side, too.


def sockets(pid: str) -> int:
    """Return the number of sockets that a process has open."""
    return sum(str(file.readlink()).startswith("socket:") for file in Path(f"/proc/{pid}/fd").iterdir())
