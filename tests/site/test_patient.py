"""Slow and silent clients hold a socket and nothing else: everybody else is served as if they were not there."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return one running site for all tests of this file."""
    with Pasteur() as site:
        yield site


def connect(site: Pasteur) -> socket.socket:
    """Open a connection on which nothing is sent yet."""
    return socket.create_connection(("127.0.0.1", site.port), timeout=15)


def answer(wire: socket.socket) -> bytes:
    """Return everything that comes until the server closes."""
    found = b""
    while piece := wire.recv(65_536):
        found += piece
    return found


@pytest.mark.alone
def test_silent_and_dripping_clients_delay_nobody(site: Pasteur) -> None:
    key = site.paste("read me")
    with ExitStack() as held:
        for number in range(200):
            wire = held.enter_context(connect(site))
            if number % 2:
                wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        site.http.clear()
        started = time.monotonic()

        for _ in range(20):
            assert site.http.request("GET", f"{site.url}/{key}/raw").data == b"read me"

        assert time.monotonic() - started < 4


def test_a_head_that_is_never_finished_is_dropped(site: Pasteur) -> None:
    with connect(site) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\n")

        assert answer(wire) == b""


def test_a_request_in_single_bytes_is_served(site: Pasteur) -> None:
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nslow"
    with connect(site) as wire:
        for byte in request:
            wire.sendall(bytes([byte]))

        assert b" 201 " in answer(wire)


def test_two_requests_in_one_piece_are_both_served(site: Pasteur) -> None:
    one = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\none"
    two = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\ntwo"
    with connect(site) as wire:
        wire.sendall(one + two)

        assert answer(wire).count(b" 201 ") == 2


def test_a_client_that_asks_before_it_sends_is_answered(site: Pasteur) -> None:
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )
    with connect(site) as wire:
        wire.sendall(head)
        assert wire.recv(100).startswith(b"HTTP/1.1 100 ")
        wire.sendall(b"text")

        assert b" 201 " in answer(wire)
