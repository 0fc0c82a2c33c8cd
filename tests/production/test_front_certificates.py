"""The containers `nginx` and `certbot` from nothing to a certificate and its renewal, as programs of this machine."""

import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from cryptography import x509

from tests.servers.bind import Bind
from tests.servers.nginx import Nginx
from tests.servers.pasteur import ROOT, Pasteur
from tests.servers.pebble import Pebble
from tests.servers.process import ServerProcess, wait_until

pytestmark = [pytest.mark.production, pytest.mark.server]
HOST = "paste.test"
_PATH = f"{ROOT}/.venv/bin:/usr/sbin:/usr/bin:/bin"


class Front(Nginx):
    """nginx as its container starts it, without a certificate at first."""

    def __init__(self, site: Pasteur) -> None:
        super().__init__(site)
        self.letsencrypt, self.challenges = self.folder / "letsencrypt", self.folder / "challenges"
        self.challenges.mkdir()
        self.settings |= {
            "PASTEUR_URL": f"https://{HOST}",
            "FRONT_RUN": str(self.folder / "run"),
            "FRONT_CERTIFICATES": str(self.letsencrypt / "live/pasteur"),
            "FRONT_CHALLENGES": str(self.challenges),
            "FRONT_RELOAD_SECONDS": "1",
        }

    def command(self) -> Sequence[str]:
        self.folder.chmod(0o755)
        self.challenges.chmod(0o755)
        return [str(ROOT / "deploy/nginx/run")]

    def environment(self) -> Mapping[str, str]:
        """Return the settings of the container."""
        return {"PATH": _PATH, **self.settings}

    def certificate(self) -> x509.Certificate:
        """Return the certificate that it serves."""
        return x509.load_pem_x509_certificate(ssl.get_server_certificate(("127.0.0.1", self.port)).encode())


class Certbot(ServerProcess):
    """certbot as its container starts it."""

    def __init__(self, front: Front, pebble: Pebble, **settings: str) -> None:
        super().__init__()
        self._settings = {
            "PATH": _PATH,
            "PASTEUR_URL": f"https://{HOST}",
            "REQUESTS_CA_BUNDLE": str(pebble.ca_file),
            "CERTBOT_SERVER": pebble.directory,
            "CERTBOT_FOLDER": str(front.letsencrypt),
            "CERTBOT_CHALLENGES": str(front.challenges),
            "CERTBOT_LOGS": str(self.folder / "certbot"),
            "CERTBOT_PAUSE": "2",
            **settings,
        }

    def command(self) -> Sequence[str]:
        return [str(ROOT / "deploy/certbot/run")]

    def environment(self) -> Mapping[str, str]:
        """Return the settings of the container."""
        return self._settings

    def is_ready(self) -> bool:
        """Whether it runs; it does not listen."""
        return not self.has_ended()


@pytest.fixture(scope="module")
def bind() -> Iterator[Bind]:
    """Return a name server for `test`."""
    with Bind() as server:
        yield server


def test_a_placeholder_gives_way_to_a_certificate_that_is_renewed_without_a_failed_request(bind: Bind) -> None:
    site = Pasteur(PASTEUR_PROXIES="1", ALLOWED_HOSTS=f"{HOST},127.0.0.1", PASTEUR_URL=f"https://{HOST}")
    front = Front(site)
    with site, front, Pebble(bind.address, front.plain_port, lifetime=30) as pebble:
        assert "placeholder" in front.certificate().subject.rfc4514_string()
        with Certbot(front, pebble):
            wait_until(lambda: "Pebble" in front.certificate().issuer.rfc4514_string(), "the certificate", 90)
            first = front.certificate().serial_number
            failures, stop = requests_until(front)

            wait_until(lambda: front.certificate().serial_number != first, "the renewal", 120)
            time.sleep(1)
            stop()

    assert failures == []


def requests_until(front: Front) -> tuple[list[str], Callable[[], None]]:
    """Send requests from a thread until the returned function is called; return the failures as well."""
    failures: list[str] = []
    end = threading.Event()
    url = f"https://127.0.0.1:{front.port}/nginx-health"
    context = ssl._create_unverified_context()

    def send() -> None:
        while not end.is_set():
            try:
                with urllib.request.urlopen(url, context=context, timeout=20) as response:
                    if response.status != 204:
                        failures.append(str(response.status))
            except OSError as error:
                failures.append(repr(error))

    thread = threading.Thread(target=send)
    thread.start()

    def stop() -> None:
        end.set()
        thread.join()

    return failures, stop


def test_a_certificate_that_cannot_be_had_is_one_line_and_tried_again(bind: Bind) -> None:
    site = Pasteur()
    front = Front(site)
    with Pebble(bind.address, front.plain_port) as pebble, Certbot(front, pebble) as certbot:
        wait_until(lambda: certbot.log_tail().count("certbot failed") > 1, "it tries again", 90)

        lines = certbot.log_tail().splitlines()
    front.stop()
    site.stop()

    assert all(line.startswith("certbot failed and tries again in 10 minutes: ") for line in lines), lines
    assert HOST in lines[0]


@pytest.mark.parametrize(("name", "value"), [("PASTEUR_URL", ""), ("CERTBOT_CHALLENGE", "post")])
def test_wrong_settings_end_certbot_with_one_line(bind: Bind, name: str, value: str) -> None:
    site = Pasteur()
    front = Front(site)
    pebble = Pebble(bind.address, front.plain_port)
    certbot = Certbot(front, pebble, **{name: value})
    done = subprocess.run(
        certbot.command(), env=certbot.environment(), capture_output=True, text=True, timeout=20, check=False
    )
    (line,) = done.stderr.splitlines()

    assert done.returncode == 78
    assert line.startswith(f"certbot cannot start: {name} must be ")
    for server in (certbot, pebble, front, site):
        server.stop()
