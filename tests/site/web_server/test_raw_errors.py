"""Requests that never reach a view are refused in one line, or below /api/ as an API error."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return one running site for all tests in this file."""
    with Pasteur() as site:
        yield site


def send(site: Pasteur, request: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Send a request and return the status, the headers keyed by lowercase name, and the body."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=15) as wire:
        wire.sendall(request)
        found = b""
        while piece := wire.recv(65_536):
            found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return status.split()[1].encode(), {name.lower(): value for name, _, value in pairs}, body


REFUSED = {
    "too_long": (b"GET %b?q=" + b"x" * 6_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414", "address_too_long"),
    "endless": (b"GET %b?q=" + b"x" * 70_000, b"414", "address_too_long"),
    "big_header": (
        b"GET %b HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 9_000 + b"\r\n\r\n",
        b"431",
        "headers_too_large",
    ),
    "headers": (b"GET %b HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431", "headers_too_large"),
    "expects": (b"PUT %b HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n\r\n", b"417", "expectation"),
    "coding": (b"PUT %b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: tea\r\n\r\n", b"501", "transfer_coding"),
    "second_coding": (
        b"PUT %b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"501",
        "transfer_coding",
    ),
    "no_host": (b"GET %b HTTP/1.1\r\n\r\n", b"400", "bad_request"),
    "method": (b"G=T %b HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400", "bad_request"),
    "version": (b"GET %b HTTP/9.1\r\nHost: localhost\r\n\r\n", b"400", "bad_request"),
    "header": (b"GET %b HTTP/1.1\r\nHost: localhost\r\nX y: z\r\n\r\n", b"400", "bad_request"),
    "chunk": (
        b"POST %b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\ntea\r\n",
        b"400",
        "bad_request",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_requests_refused_by_gunicorn_get_one_line(site: Pasteur, kind: str) -> None:
    request, wanted, _ = REFUSED[kind]

    status, headers, body = send(site, request.replace(b"%b", b"/search"))

    assert status == wanted
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["connection"] == "close"
    assert headers["content-length"] == str(len(body))
    assert body.count(b"\n") == 1
    assert body.endswith(b".\n")


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("path", [b"/api/v1/search", b"http://localhost/api/v1/search"])
def test_requests_refused_by_gunicorn_below_api_get_an_api_error(site: Pasteur, kind: str, path: bytes) -> None:
    request, wanted, code = REFUSED[kind]

    status, headers, body = send(site, request.replace(b"%b", path))

    assert status == wanted
    assert headers["content-type"] == "application/json"
    error = json.loads(body)["error"]
    assert error["code"] == code
    assert error["message"]
