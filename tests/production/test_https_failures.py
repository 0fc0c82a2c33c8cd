"""What an operator is told when no certificate can be had, each with a real authority and a real name server."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.servers.bind import Bind
from tests.servers.https_pasteur import HttpsPasteur
from tests.servers.pebble import Pebble
from tests.servers.process import reserve_port

pytestmark = [
    pytest.mark.production,
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),  # Most tests are not about the certificate.
]


@pytest.fixture(scope="module")
def pebble(bind: Bind) -> Iterator[Pebble]:
    """Return an authority for proofs over DNS: it can connect to no site."""
    with Pebble(bind.address, 1) as pebble:
        yield pebble


def failure(site: HttpsPasteur) -> str:
    """Try out a renewal; return what the operator is told, after checking that it is plain."""
    done = site.manage("certificate", "--dry-run", check=False)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert "What to do: " in done.stderr
    return done.stderr


def over_dns(bind: Bind, pebble: Pebble, **settings: str) -> HttpsPasteur:
    """Return a site, which is not started, that proves its names over DNS."""
    host, _, port = bind.address.partition(":")
    defaults = {
        "PASTEUR_ACME_DNS_SERVER": host,
        "PASTEUR_ACME_DNS_PORT": port,
        "PASTEUR_ACME_DNS_KEY_FILE": str(bind.key_file),
        "PASTEUR_ACME_DNS_SECONDS": "0",
    }
    return HttpsPasteur(**defaults | settings).use(pebble)


def test_a_wildcard_certificate_over_dns(bind: Bind, pebble: Pebble) -> None:
    with over_dns(bind, pebble, PASTEUR_CERTIFICATE_NAMES="*.paste.test") as site:
        site.wait_for_certificate()

        assert site.has_certificate("any.paste.test")
        assert not site.has_certificate("other.test")
        assert "accepted the proof of paste.test, *.paste.test" in site.manage("certificate", "--dry-run").stdout
        assert "secret" not in site.log_tail()
        logs = "".join(file.read_text() for file in (site.data / "certificates" / "logs").glob("*"))
        secret = bind.key_file.read_text().split('secret "')[1].split('"')[0]
        assert secret not in logs
        assert not list(site.data.glob("certificates/*.ini"))


def test_a_name_in_the_settings_that_the_certificate_lacks_brings_a_new_one(bind: Bind, pebble: Pebble) -> None:
    site = over_dns(bind, pebble)
    site.manage("certificate", "renew")
    before = site.served_file.read_bytes()
    site.settings["PASTEUR_CERTIFICATE_NAMES"] = "*.paste.test"

    said = site.manage("certificate", "renew").stdout

    assert "New certificate" in said
    assert site.served_file.read_bytes() != before
    assert "valid, for paste.test, *.paste.test" in site.manage("certificate").stdout
    site.stop()


@pytest.mark.parametrize(
    ("key_file", "code"), [("wrong_secret", "tsig_key"), ("unknown_key", "tsig_key"), ("powerless_key", "dns_refused")]
)
def test_a_wrong_tsig_key(bind: Bind, pebble: Pebble, key_file: str, code: str) -> None:
    said = failure(over_dns(bind, pebble, PASTEUR_ACME_DNS_KEY_FILE=str(getattr(bind, key_file))))

    assert f"({code})" in said
    assert "127.0.0.1" in said
    assert ("PASTEUR_ACME_DNS_KEY_FILE" if code == "tsig_key" else "update-policy") in said


def test_a_name_of_another_zone(bind: Bind, pebble: Pebble) -> None:
    said = failure(over_dns(bind, pebble, PASTEUR_URL="https://paste.example.org"))

    assert "(dns_zone)" in said


def test_a_name_server_that_is_down(bind: Bind, pebble: Pebble) -> None:
    said = failure(over_dns(bind, pebble, PASTEUR_ACME_DNS_PORT="1"))

    assert "(dns_unreachable)" in said


def test_an_authority_that_is_not_trusted(bind: Bind, pebble: Pebble) -> None:
    site = over_dns(bind, pebble)
    del site.settings["PASTEUR_ACME_CA_FILE"]

    assert "(authority_certificate)" in failure(site)
    site.settings |= {"PASTEUR_ACME_SEED": "0123456789abcdef" * 3}
    assert "(authority_certificate)" in failure(site)


@pytest.mark.parametrize("seed", ["", "0123456789abcdef" * 3])
def test_an_address_that_is_no_directory(bind: Bind, pebble: Pebble, seed: str) -> None:
    site = over_dns(bind, pebble, PASTEUR_ACME_SEED=seed)
    site.settings["PASTEUR_ACME_DIRECTORY"] = f"{pebble.directory}x"

    assert "(not_acme)" in failure(site)


def test_an_authority_that_has_forgotten_the_account_gets_a_new_one(bind: Bind) -> None:
    authority = Pebble(bind.address, 1)
    for seed in ("", "0123456789abcdef" * 3):
        with authority as pebble:
            site = over_dns(bind, pebble, PASTEUR_ACME_SEED=seed)
            site.manage("certificate", "--dry-run")
            pebble.kill()
            pebble.start()  # It keeps nothing on disk.

            site.manage("certificate", "--dry-run")
            site.stop()
            pebble.kill()
        authority = Pebble(bind.address, 1)


class _OtherSite(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"another site")

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def another_web_server() -> Iterator[int]:
    """Yield the port of a web server that knows no challenge."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _OtherSite)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def running() -> Iterator[HttpsPasteur]:
    """Return a running site, whose authority does not answer."""
    with HttpsPasteur() as site:
        yield site


def test_a_closed_port_80(bind: Bind, running: HttpsPasteur) -> None:
    with reserve_port() as closed, Pebble(bind.address, closed.getsockname()[1]) as pebble:
        said = failure(running.use(pebble))

    assert "cannot connect to paste.test on port 80. (port_closed)" in said
    assert "From here, paste.test is " in said


def test_another_server_on_port_80(bind: Bind, running: HttpsPasteur) -> None:
    with another_web_server() as port, Pebble(bind.address, port) as pebble:
        said = failure(running.use(pebble))

    assert "(wrong_server)" in said


def test_a_name_without_an_address(bind: Bind, running: HttpsPasteur) -> None:
    running.settings["PASTEUR_URL"] = "https://missing.test"
    with Pebble(bind.address, running.port) as pebble:
        said = failure(running.use(pebble))
    del running.settings["PASTEUR_URL"]

    assert "finds no address for missing.test. (name_unknown)" in said
    assert "From here, missing.test is unknown." in said


def test_a_site_that_is_not_running(bind: Bind, pebble: Pebble) -> None:
    said = failure(HttpsPasteur().use(pebble))

    assert "(not_running)" in said
    assert "manage.py run" in said
