"""Request bodies over the wire, chunked, endless or truncated: first the middleware alone, then with gunicorn."""

import io
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from pasteur_site.web_server.body_limit import BodyLimitMiddleware
from tests.servers.pasteur import Pasteur


class Wire(io.RawIOBase):
    """A stream that behaves like a network: it returns small pieces, and never more than requested."""

    def __init__(self, content: bytes, piece: int) -> None:
        super().__init__()
        self.rest = io.BytesIO(content)
        self.piece = piece
        self.taken = 0

    def read(self, size: int | None = -1) -> bytes:
        found = self.rest.read(min(self.piece, self.piece if size is None or size < 0 else size))
        self.taken += len(found)
        return found


def environ_behind_middleware(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the environment seen by the application behind BodyLimitMiddleware."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    BodyLimitMiddleware(application)(environ, lambda *_: None)  # type: ignore[arg-type]  # no answer is looked at
    return seen


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("piece", [1_000, 65_536, 1_000_000])
def test_a_chunked_body_gets_a_length(length: int, piece: int) -> None:
    content = os.urandom(length)

    seen = environ_behind_middleware({"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input": Wire(content, piece)})

    assert seen["CONTENT_LENGTH"] == str(length)
    assert seen["wsgi.input"].read() == content


def test_at_most_one_byte_past_the_limit_is_read() -> None:
    limit = settings.PASTEUR_MAX_BODY_BYTES
    wire = Wire(bytes(limit + 5_000_000), 65_536)

    seen = environ_behind_middleware({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": wire})

    assert seen["CONTENT_LENGTH"] == str(limit + 1)
    assert wire.taken == limit + 1


def test_a_body_with_a_length_is_not_changed() -> None:
    wire = Wire(b"text", 10)

    seen = environ_behind_middleware({"CONTENT_LENGTH": "4", "wsgi.input": wire})

    assert (seen["CONTENT_LENGTH"], seen["wsgi.input"], wire.taken) == ("4", wire, 0)


#: The maximum size of a paste on the running site; a request may be six times as long and slightly more.
LIMIT = 100_000


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return one running site for all tests in this file."""
    with Pasteur(PASTEUR_MAX_BYTES=str(LIMIT)) as site:
        yield site


def count_pastes(site: Pasteur) -> int:
    """Return the number of stored pastes."""
    with sqlite3.connect(site.data / "pasteur.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM pastes_paste").fetchone()[0])


def exchange(site: Pasteur, sent: bytes, *, hang_up: bool = False) -> bytes:
    """Send these bytes to the web process and return its complete response; with `hang_up`, close our side first."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall(sent)
        if hang_up:
            wire.shutdown(socket.SHUT_WR)
        found = b""
        try:
            while piece := wire.recv(65_536):
                found += piece
        except ConnectionResetError:
            pass  # The response, if there was one, has been read.
        return found


def head(*lines: str) -> bytes:
    """Return the head of a PUT request that closes the connection afterwards."""
    return "\r\n".join(["PUT /a.txt HTTP/1.1", "Host: localhost", "Connection: close", *lines, "", ""]).encode()


def curl(site: Pasteur, *arguments: str, stdin: bytes = b"") -> tuple[str, str]:
    """Run curl and return its output and exit status."""
    command = ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=True)
    text, _, status = done.stdout.decode().rpartition("\n")
    return text, status


@pytest.mark.server
def test_curl_sends_standard_input_in_chunks(site: Pasteur, tmp_path: Path) -> None:
    content = "schön\r\n".encode() * 10_000

    url, status = curl(site, "-T", "-", f"{site.url}/", stdin=content)

    assert status == "201"
    assert site.http.request("GET", f"{url.strip()}/raw").data == content


@pytest.mark.server
@pytest.mark.parametrize("way", ["-T", "--data-binary", "-F", "-d"])
def test_curl_can_send_a_file_in_every_way_it_supports(site: Pasteur, tmp_path: Path, way: str) -> None:
    file = tmp_path / "hello.py"
    file.write_bytes(b"print('x')&a=1\r\n" if way != "-d" else b"print('x')&a=1")
    sent = {"-T": str(file), "--data-binary": f"@{file}", "-F": f"paste=@{file}", "-d": f"@{file}"}[way]

    answer, status = curl(site, way, sent, f"{site.url}/")

    key = answer.strip().rpartition("/")[2] if way != "-F" else answer.split('"')[3]
    assert status == ("200" if way == "-F" else "201")
    assert site.http.request("GET", f"{site.url}/{key}/raw").data == file.read_bytes()


HOWS = [
    ["-T", "-"],
    ["--data-binary", "@-"],
    ["-F", "file=@-"],
    ["-H", "Transfer-Encoding: chunked", "-T", "-"],
    ["-H", "Expect:", "--data-binary", "@-"],
    ["-H", "Expect:", "-F", "file=@-"],
    ["-H", "Expect: 100-continue", "--data-binary", "@-"],
]


@pytest.mark.server
@pytest.mark.parametrize("how", HOWS)
def test_curl_shows_why_a_text_is_too_large(site: Pasteur, how: list[str]) -> None:
    before = count_pastes(site)

    for length in (LIMIT + 1, 5 * LIMIT, 5_000_000, 50_000_000):
        text, status = curl(site, *how, f"{site.url}/", stdin=b"x" * length)
        assert status == "413"
        assert "100000 bytes" in text

    assert count_pastes(site) == before
    assert curl(site, *how, f"{site.url}/", stdin=b"x" * LIMIT)[1] == "201"


@pytest.mark.server
def test_a_client_that_sends_everything_before_reading_also_gets_the_response(site: Pasteur) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall(head("Content-Length: 20000000").replace(b"Connection: close\r\n", b"") + bytes(20_000_000))
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"100000 bytes long.\n")


@pytest.mark.server
@pytest.mark.parametrize(
    ("start", "piece", "enough"),
    [
        ("Transfer-Encoding: chunked", b"10000\r\n" + b"x" * 65_536 + b"\r\n", 6 * LIMIT + 256 * 1024),
        ("Content-Length: 100000000000", b"x" * 65_536, 0),
    ],
    ids=["chunked", "announced"],
)
def test_an_endless_body_is_cut_off(site: Pasteur, start: str, piece: bytes, enough: int) -> None:
    before = count_pastes(site)
    sent, answer = 0, b""

    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall(head(start).replace(b"Connection: close\r\n", b""))
        while sent <= enough:
            wire.sendall(piece)
            sent += len(piece)
        answer = wire.recv(65_536)  # Sending more may cost the client its response, so the response is read first.
        try:
            while sent < 100_000_000:
                sent += wire.send(piece)
        except (ConnectionResetError, BrokenPipeError):
            pass  # The server does not read any further.

    assert sent < 100_000_000
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert count_pastes(site) == before
    assert site.http.request("GET", f"{site.url}/healthz").status == 200


@pytest.mark.server
@pytest.mark.parametrize(
    "sent",
    [
        head("Content-Length: 1000") + b"half a text",
        head("Transfer-Encoding: chunked") + b"b\r\nhalf a text\r\n",
        head("Transfer-Encoding: chunked") + b"ff\r\nhalf a text",
        head("Transfer-Encoding: chunked") + b"zz\r\nhalf a text\r\n0\r\n\r\n",
        head("Transfer-Encoding: chunked", "Content-Length: 5") + b"5\r\nsmugg\r\n0\r\n\r\n",
        head("Content-Length: -1") + b"text",
        head("Content-Length: 4", "Content-Length: 5") + b"text?",
        head("Content-Length: 4x") + b"text",
        head("Content-Length: +4") + b"text",
    ],
    ids=["length", "chunks", "in_a_chunk", "no_number", "both", "negative", "two_lengths", "word", "plus"],
)
def test_a_truncated_or_contradictory_body_is_not_stored(site: Pasteur, sent: bytes) -> None:
    before = count_pastes(site)

    answer = exchange(site, sent, hang_up=True)

    assert not answer or answer.split()[1] in {b"400", b"501"}
    assert count_pastes(site) == before


@pytest.mark.server
@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/", "multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="paste"\r\n\r\nhalf'),
        ("/api/v1/pastes", "application/json", b'{"files": [{"content": "x"}]}'),
    ],
)
def test_a_truncated_form_or_json_is_not_stored(site: Pasteur, path: str, content_type: str, body: bytes) -> None:
    before = count_pastes(site)
    start = head("Content-Length: 1000", f"Content-Type: {content_type}").replace(
        b"PUT /a.txt", f"POST {path}".encode()
    )

    answer = exchange(site, start + body, hang_up=True)

    assert not answer or answer.split()[1] == b"400"
    assert count_pastes(site) == before


@pytest.mark.server
def test_a_slow_upload_is_stored_completely(site: Pasteur) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall(head("Content-Length: 10"))
        for letter in b"slow texts":
            wire.sendall(bytes([letter]))
            time.sleep(0.05)
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece

    key = answer.partition(b"\r\nLocation: ")[2].split(b"\r\n")[0].rpartition(b"/")[2].decode()
    assert site.http.request("GET", f"{site.url}/{key}/raw").data == b"slow texts"


@pytest.mark.server
@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET /\xed\xa0\x80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\nConnection: close\r\n\r\n",
    ],
    ids=["evil", "two", "two_turned", "absolute", "raw_bytes", "nul"],
)
def test_a_request_for_another_host_is_400(site: Pasteur, request_: bytes) -> None:
    assert exchange(site, request_).startswith(b"HTTP/1.1 400 ")


@pytest.mark.server
def test_an_absolute_url_does_not_change_any_response(site: Pasteur) -> None:
    request = (
        b"PUT http://evil.example/a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
    )

    assert b"evil" not in exchange(site, request)


@pytest.mark.server
@pytest.mark.parametrize("path", ["%ed%a0%80", "%00", "-x", "..%2f..%2fetc", "A" * 10, "x" * 4_000, "%C0%AF"])
def test_unusual_keys_over_the_wire_are_404(site: Pasteur, path: str) -> None:
    answer = exchange(site, f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.server
@pytest.mark.parametrize("charset", ["rot13", "hex", "base64", "zip", "utf-16", "undefined", "idna", "nonsense"])
def test_an_invalid_charset_breaks_nothing(site: Pasteur, charset: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    before = count_pastes(site)

    read = [site.http.request("GET", f"{site.url}{path}?raw&before=1", headers=headers) for path in ("/", "/recent")]
    sent = site.http.request("PUT", f"{site.url}/a.txt?raw", headers=headers, body=b"text")

    assert [answer.status for answer in read] == [200, 200]
    assert sent.status == 415
    assert count_pastes(site) == before


@pytest.mark.server
def test_a_key_of_10_kb_is_refused_immediately(site: Pasteur) -> None:
    request = b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    assert exchange(site, request).split()[1] in {b"404", b"414"}
