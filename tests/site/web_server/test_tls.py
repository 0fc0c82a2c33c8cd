"""HTTPS in the web process itself: clients that stall during or after the handshake only take up a socket."""

import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
import urllib3

from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server


class TlsPasteur(Pasteur):
    """The site with a self-signed certificate."""

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-keyout", str(self.key), "-out", str(self.certificate), "-days", "2"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)
        self.trust = ssl.create_default_context(cafile=str(self.certificate))
        self.http = urllib3.PoolManager(
            timeout=20, retries=False, headers={"Connection": "close"}, ssl_context=self.trust
        )

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def environment(self) -> Mapping[str, str]:
        arguments = f"--certfile={self.certificate} --keyfile={self.key}"
        return {**super().environment(), "GUNICORN_CMD_ARGS": arguments}


@pytest.fixture(scope="module")
def site() -> Iterator[TlsPasteur]:
    """Return one running site for all tests in this file."""
    with TlsPasteur() as site:
        yield site


def connect(site: TlsPasteur) -> socket.socket:
    """Open a connection without a handshake."""
    return socket.create_connection(("127.0.0.1", site.port), timeout=15)


def connect_tls(site: TlsPasteur) -> ssl.SSLSocket:
    """Open a connection and complete the handshake."""
    return site.trust.wrap_socket(connect(site), server_hostname="127.0.0.1")


def client_hello() -> bytes:
    """Return the first message of a handshake."""
    sent = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return sent.read()


def read_all(wire: socket.socket) -> bytes:
    """Read everything until the server closes the connection."""
    content = b""
    while piece := wire.recv(65_536):
        content += piece
    return content


def slowest_read(site: TlsPasteur, key: str) -> float:
    """Return how many seconds the slowest of 40 reads of a paste takes, each on a separate connection."""
    seconds = []
    for _ in range(40):
        started = time.monotonic()
        assert site.http.request("GET", f"{site.url}/{key}/raw").data == b"read me"
        seconds.append(time.monotonic() - started)
    return max(seconds)


STALLS = {
    "before_the_handshake": b"",
    "in_the_first_message": client_hello()[:50],
    "after_the_first_message": client_hello(),
    "with_plain_http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.alone
@pytest.mark.parametrize("stall", STALLS)
def test_clients_that_stall_in_the_handshake_do_not_delay_other_clients(site: TlsPasteur, stall: str) -> None:
    key = site.paste("read me")
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(connect(site)).sendall(STALLS[stall])
        time.sleep(0.2)

        assert slowest_read(site, key) < 0.5


@pytest.mark.alone
def test_clients_that_stall_in_a_request_over_tls_do_not_delay_other_clients(site: TlsPasteur) -> None:
    key = site.paste("read me")
    with ExitStack() as stack:
        for _ in range(40):
            wire = stack.enter_context(connect_tls(site))
            wire.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx")

        assert slowest_read(site, key) < 0.5


@pytest.mark.alone
def test_clients_that_do_not_read_over_tls_do_not_delay_other_clients(site: TlsPasteur) -> None:
    long, key = site.paste("many words\n" * 40_000), site.paste("read me")
    with ExitStack() as stack:
        for _ in range(20):
            wire = stack.enter_context(connect_tls(site))
            wire.sendall(f"GET /{long}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 20)
        time.sleep(2)

        assert slowest_read(site, key) < 0.5


def test_a_handshake_that_is_never_completed_is_dropped(site: TlsPasteur) -> None:
    with connect(site) as wire:
        wire.sendall(client_hello()[:50])
        started = time.monotonic()

        with contextlib.suppress(ConnectionResetError):
            assert read_all(wire) == b""
        assert time.monotonic() - started < 14


def test_requests_on_one_tls_connection_all_get_a_response(site: TlsPasteur) -> None:
    text = b"".join(b"%d\n" % number for number in range(70_000))
    key = site.paste(text)
    request = f"GET /{key}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with connect_tls(site) as wire:
        wire.sendall(request * 3 + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

        assert read_all(wire).count(text) == 4


def test_a_body_that_is_too_large_gets_its_response_over_tls(site: TlsPasteur) -> None:
    answer = site.http.request("POST", f"{site.url}/", body=bytes(20_000_000))

    assert answer.status == 413


def test_forms_and_redirects_use_https(site: TlsPasteur) -> None:
    answer = site.http.request("POST", f"{site.url}/", body=b"text")

    assert answer.data.startswith(f"https://127.0.0.1:{site.port}/".encode())


def test_the_certificate_is_the_configured_one(site: TlsPasteur) -> None:
    with connect_tls(site) as wire:
        served = wire.getpeercert(binary_form=True)

    assert served == ssl.PEM_cert_to_DER_cert(site.certificate.read_text())
