"""HTTPS by the site itself: a certificate over HTTP, its renewal and its end, with a real authority."""

import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.servers.bind import Bind
from tests.servers.https_pasteur import HttpsPasteur
from tests.servers.pebble import Pebble
from tests.servers.process import wait_until
from tests.servers.smtp import Smtp

pytestmark = [
    pytest.mark.production,
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),  # Most tests are not about the certificate.
]


def public_key(certificate: bytes) -> bytes:
    """Return the public key of a certificate in DER."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def account_keys(site: HttpsPasteur) -> list[str]:
    """Return the accounts' private keys."""
    return [file.read_text() for file in site.data.glob("certificates/certbot/accounts/**/private_key.json")]


def renew(site: HttpsPasteur) -> bytes:
    """Get a new certificate by the command, and return it once the site presents it."""
    before = site.served()
    site.manage("certificate", "renew", "--force")
    wait_until(lambda: site.served() != before, "the site presents the new certificate")
    return site.served()


def test_a_client_that_trusts_the_authority_pastes_and_reads(site: HttpsPasteur, tmp_path: Path) -> None:
    """With curl, as a user would."""
    (tmp_path / "root.pem").write_text(site.pebble.roots() if site.pebble else "")
    (tmp_path / "hello.py").write_text("print('hello')\n")
    curl = ["curl", "-sS", "--fail", "--cacert", str(tmp_path / "root.pem"), "--noproxy", "*"]
    curl += ["--connect-to", f"paste.test:443:127.0.0.1:{site.https_port}"]

    address = subprocess.run(
        [*curl, "-T", str(tmp_path / "hello.py"), "https://paste.test/"], check=True, capture_output=True, text=True
    ).stdout.strip()

    assert address.startswith("https://paste.test/")
    read = subprocess.run([*curl, f"{address}/raw"], check=True, capture_output=True, text=True)
    assert read.stdout == "print('hello')\n"


def test_the_command_shows_the_certificate_and_tries_out_a_renewal(site: HttpsPasteur) -> None:
    before = site.served()

    shown = site.manage("certificate").stdout
    tried = site.manage("certificate", "--dry-run").stdout
    not_due = site.manage("certificate", "renew").stdout

    assert "valid, for paste.test" in shown
    assert "Pebble" in shown
    assert "accepted the proof of paste.test" in tried
    assert "--force" in not_due
    assert site.served() == before


@contextmanager
def load(site: HttpsPasteur) -> Iterator[list[str]]:
    """Let six clients read while the block runs, half of them on one connection each; yield their failures."""
    failures: list[str] = []
    done = threading.Event()
    counts = [0] * 6

    def read(number: int) -> None:
        trust = site.trusting().connection_pool_kw["ssl_context"]
        trust.check_hostname = False  # http.client would expect the address.
        connection = http.client.HTTPSConnection("127.0.0.1", site.https_port, timeout=20, context=trust)
        connection.connect()
        connection.auto_open = int(number % 2 == 0)
        headers = {"Host": "paste.test", "Connection": "close" if connection.auto_open else "keep-alive"}
        while not done.is_set():
            try:
                connection.request("GET", "/healthz", headers=headers)
                answer = connection.getresponse()
                answer.read()
                counts[number] += 1
                if answer.status != 200:
                    failures.append(f"{answer.status}")
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))
                return
        connection.close()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert min(counts) > 10
    print(f"{sum(counts)} requests during a renewal, {len(failures)} failed")


def test_no_request_fails_and_no_connection_ends_during_a_renewal(site: HttpsPasteur) -> None:
    old = site.served()
    with load(site) as failures:
        new = renew(site)
        time.sleep(1)

    assert new != old
    assert failures == []


def test_a_renewal_has_a_new_key_and_the_files_are_for_the_owner_only(site: HttpsPasteur) -> None:
    before = site.served()

    after = renew(site)

    assert public_key(after) != public_key(before)
    files = [file for file in (site.data / "certificates").rglob("*") if file.is_file()]
    secret = [file for file in files if b"PRIVATE KEY" in file.read_bytes() or file.name == "private_key.json"]
    assert len(secret) >= 2
    assert all(file.stat().st_mode & 0o077 == 0 for file in secret), secret


def test_a_certificate_that_is_due_is_renewed_by_itself(bind: Bind) -> None:
    site = HttpsPasteur()
    with Pebble(bind.address, site.port, lifetime=24) as pebble, site.use(pebble):
        site.wait_for_certificate()
        first = site.served()

        wait_until(lambda: site.served() != first, "the site has renewed its certificate", 60)

        assert site.has_certificate()


def test_plain_http_is_redirected_and_stores_nothing(site: HttpsPasteur) -> None:
    client = urllib3.PoolManager(retries=False)

    read = client.request("GET", f"{site.plain_url}/some/page?a=b%20c", redirect=False)
    sent = client.request("POST", f"{site.plain_url}/", body=b"a secret", redirect=False)
    health = client.request("GET", f"{site.plain_url}/healthz", redirect=False)

    assert (read.status, read.headers["Location"]) == (301, "https://paste.test/some/page?a=b%20c")
    assert (sent.status, sent.headers["Location"]) == (308, "https://paste.test/")
    assert b"Nothing was stored" in sent.data
    assert health.status == 200


@pytest.mark.parametrize("path", ["missing", "..%2f..%2fserved.pem", "../../../served.pem", "a/b", "", "%00"])
def test_only_challenges_are_handed_out(site: HttpsPasteur, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    connection.request("GET", f"/.well-known/acme-challenge/{path}", headers={"Host": "anything.example"})
    answer = connection.getresponse()

    assert answer.status in {301, 400, 404}
    assert b"PRIVATE" not in answer.read()
    connection.close()


@pytest.mark.parametrize(
    ("version", "is_accepted"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_1_2_and_1_3_are_spoken(site: HttpsPasteur, version: ssl.TLSVersion, is_accepted: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", site.https_port), timeout=10) as wire:
        try:
            with context.wrap_socket(wire) as tls:
                assert is_accepted, tls.version()
        except (ssl.SSLError, ConnectionResetError):
            assert not is_accepted


def test_clients_that_stall_or_speak_plain_http_to_the_tls_port_delay_no_other(site: HttpsPasteur) -> None:
    wires = [socket.create_connection(("127.0.0.1", site.https_port), timeout=10) for _ in range(60)]
    for number, wire in enumerate(wires):
        wire.sendall([b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: paste.test\r\n\r\n"][number % 3])
    started = time.monotonic()

    assert site.has_certificate()
    assert time.monotonic() - started < 2
    for wire in wires:
        wire.close()


def test_strict_transport_security_is_a_setting(site: HttpsPasteur) -> None:
    answer = site.trusting().request("GET", f"{site.url}/")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_revoked_certificate_is_replaced(site: HttpsPasteur) -> None:
    assert site.pebble is not None
    old = x509.load_der_x509_certificate(site.served())

    said = site.manage("certificate", "revoke", "--reason", "keycompromise").stdout

    assert "Revoked" in said
    assert site.pebble.status(old.serial_number) == "Revoked"
    site.wait_for_certificate()
    assert public_key(site.served()) != public_key(old.public_bytes(Encoding.DER))


def test_the_site_serves_a_placeholder_until_the_authority_is_back(bind: Bind) -> None:
    """From the first failure on, it is in the details of /readyz, in the command and in a mail."""
    with Smtp() as mail:
        site = HttpsPasteur(PASTEUR_MODERATORS="ada@example.org", PASTEUR_EMAIL_URL=f"smtp://127.0.0.1:{mail.port}")
        pebble = Pebble(bind.address, site.port)
        with site.use(pebble):
            key = site.paste("pasted before there is a certificate")
            wait_until(lambda: mail.messages, "the operator has a mail", 60)
            details = json.loads(site.http.request("GET", f"{site.url}/readyz").data)["certificate"]
            shown = site.manage("certificate", check=False)

            with pebble:
                site.wait_for_certificate()
                wait_until(lambda: len(mail.messages) == 2, "a mail says that it is over", 30)
                after = json.loads(site.http.request("GET", f"{site.url}/readyz").data)["certificate"]

            assert site.read(key)["key"] == key
        assert details["error"] == "authority_unreachable"
        assert details["expires_at"] is None
        assert shown.returncode == 1
        assert "a placeholder" in shown.stdout
        assert pebble.directory in shown.stdout
        assert (after["error"], after["failures"]) == ("", 0)
        assert_mail(mail.messages[0], "no new certificate for paste.test (authority_unreachable)", pebble.directory)
        assert_mail(mail.messages[1], "paste.test has a new certificate", "valid until")


def assert_mail(message: EmailMessage, subject: str, words: str) -> None:
    """Check the recipient, the subject and some words of a mail."""
    assert message["To"] == "ada@example.org"
    assert subject in message["Subject"]
    assert words in message.get_content()


def test_both_seeds_give_the_same_keys_on_an_empty_disk(bind: Bind, tmp_path: Path) -> None:
    seeds = {name: tmp_path / name for name in ("PASTEUR_ACME_SEED_FILE", "PASTEUR_CERTIFICATE_SEED_FILE")}
    for number, file in enumerate(seeds.values()):
        file.write_text("0123456789abcdef" * 3 + str(number))
    keys = []
    first = HttpsPasteur(**{name: str(file) for name, file in seeds.items()})
    with Pebble(bind.address, first.port) as pebble:
        for site in (first, HttpsPasteur(**first.settings)):
            site.port = first.port  # Pebble connects to this one.
            with site.use(pebble):
                placeholder = public_key(site.served())
                site.wait_for_certificate()
                keys.append((public_key(site.served()), account_keys(site)))
                assert placeholder == public_key(site.served())

    assert keys[0] == keys[1]
    assert len(keys[0][1]) == 1
