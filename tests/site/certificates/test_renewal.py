"""When a certificate is due, how failures are spaced, and what operators see of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from pasteur_site.certificates import notices, renewal, served, state, status
from pasteur_site.certificates.errors import CertificateError
from pasteur_site.certificates.served import Certificate
from tests.servers.smtp import Smtp

NOW = datetime.now(UTC)
SEED = "0123456789abcdef" * 4


def issue(days: float = 90, age: float = 0, names: tuple[str, ...] = ("paste.test",)) -> Certificate:
    """Store a certificate as an authority would have issued it, and return it."""
    key = served.new_key()
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority")])
    begins_at = NOW - timedelta(days=age)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(begins_at)
        .not_valid_after(begins_at + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, SHA256())
    )
    served.store(key, certificate.public_bytes(Encoding.PEM))
    stored = served.read()
    assert stored is not None
    return stored


def days_until_due(certificate: Certificate | None) -> float:
    """Return the days until a certificate is due, from now."""
    return (renewal.due_at(certificate, NOW) - NOW) / timedelta(days=1)


def test_a_certificate_is_due_when_a_third_of_its_time_is_left() -> None:
    assert days_until_due(issue(days=90)) == pytest.approx(60, abs=0.01)
    assert days_until_due(issue(days=90, age=59)) == pytest.approx(1, abs=0.01)
    assert days_until_due(issue(days=6)) == pytest.approx(3, abs=0.01)


def test_a_new_one_is_due_at_once_when_the_settings_have_changed(https: Settings) -> None:
    certificate = issue()
    state.write(state.State(directory=https.CERTIFICATE.directory))
    assert days_until_due(certificate) > 1
    for change in ({"names": ("paste.test", "b.test")}, {"directory": "https://other/"}, {"seed": SEED}):
        before = https.CERTIFICATE
        https.CERTIFICATE = replace(before, **change)
        assert days_until_due(certificate) == 0, change
        https.CERTIFICATE = before


def test_a_placeholder_and_a_damaged_file_are_due_at_once() -> None:
    served.store_placeholder()
    placeholder = served.read()
    assert placeholder is not None
    assert placeholder.is_placeholder
    assert placeholder.names == ("paste.test",)
    assert days_until_due(placeholder) == 0

    served.file().write_bytes(served.file().read_bytes()[:500])

    assert served.read() is None
    assert days_until_due(None) == 0
    served.ensure()
    assert served.read() is not None


def test_a_good_certificate_survives_a_start() -> None:
    certificate = issue()

    served.ensure()

    assert served.read() == certificate


def test_the_seed_is_the_key_of_placeholder_and_certificate(https: Settings) -> None:
    https.CERTIFICATE = replace(https.CERTIFICATE, seed=SEED)
    served.store_placeholder()
    placeholder = served.read()

    assert placeholder is not None
    assert placeholder.pin == issue().pin


def pauses(code: str, times: int) -> list[float]:
    """Return the seconds until the next attempt after each of several failures in a row."""
    seconds, current = [], state.State()
    for _ in range(times):
        current = current.after(CertificateError(code), NOW)
        assert current.retry_at is not None
        seconds.append((current.retry_at - NOW).total_seconds())
    return seconds


def test_failures_that_the_authority_counts_are_rarer_than_its_limit() -> None:
    assert pauses("port_closed", 6) == [60, 300, 900, 3600, 3600, 3600]
    assert pauses("rate_limit", 2) == [3600, 3600]
    assert pauses("authority_unreachable", 9) == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_a_failure_is_recorded_and_delays_the_next_attempt(https: Settings) -> None:
    certificate = issue(age=70)
    with pytest.raises(CertificateError) as caught:
        renewal.renew(site_seconds=0)

    assert caught.value.code == "not_running"
    assert state.read().code == "not_running"
    assert state.read().failures == 1
    assert renewal.next_attempt_at(NOW) > NOW
    assert served.read() == certificate


def test_a_second_process_is_told_that_another_one_is_at_it() -> None:
    with renewal._lock(), pytest.raises(CertificateError) as caught:
        renewal.renew(site_seconds=0)

    assert caught.value.code == "busy"
    assert state.read().failures == 0


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"failures": []}', '{"x": 1}', '{"retry_at": "soon"}', '{"retry_at": 5}']
)
def test_a_damaged_state_counts_as_none(content: str) -> None:
    state.write(state.State(failures=3))
    (served.folder() / "state.json").write_text(content)

    assert state.read() == state.State()


def fail(code: str = "port_closed", detail: str = "refused") -> None:
    """Record a failure."""
    state.write(state.read().after(CertificateError(code, detail, name="paste.test"), NOW))


@pytest.mark.django_db
def test_readiness_metrics_and_admin_show_a_failure_from_the_first_on(https: Settings, client: Client) -> None:
    https.PASTEUR_METRICS_TOKEN = "0123456789abcdef"
    bearer = {"Authorization": "Bearer 0123456789abcdef"}
    certificate = issue()
    client.force_login(User.objects.create_superuser("ada"))
    assert "certificate" not in client.get("/admin/").content.decode()

    fail()

    details = json.loads(client.get("/readyz").content)
    assert details["ready"] is True
    assert details["certificate"]["error"] == "port_closed"
    assert details["certificate"]["expires_at"] == certificate.expires_at.isoformat()
    metrics = client.get("/metrics", headers=bearer).content.decode()
    assert "pasteur_certificate_failures_in_a_row 1.0" in metrics
    assert f"pasteur_certificate_expiry_timestamp_seconds {certificate.expires_at.timestamp():.9e}"[:58] in metrics
    page = client.get("/admin/").content.decode()
    assert "cannot connect to paste.test on port 80" in page
    assert "Let port 80 of paste.test reach" in page
    assert f"valid until {certificate.expires_at:%Y-%m-%d %H:%M} UTC" in page


@pytest.mark.django_db
def test_a_site_without_https_of_its_own_shows_nothing(https: Settings, client: Client) -> None:
    https.PASTEUR_HTTPS = False
    https.PASTEUR_METRICS_TOKEN = "0123456789abcdef"

    assert status.current() is None
    assert "certificate" not in json.loads(client.get("/readyz").content)
    assert b"certificate" not in client.get("/metrics", headers={"Authorization": "Bearer 0123456789abcdef"}).content
    with pytest.raises(CommandError, match="PASTEUR_HTTPS is off"):
        call_command("certificate")


def test_mail_is_sent_at_the_first_failure_and_then_once_a_day(https: Settings) -> None:
    https.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    https.PASTEUR_MODERATORS, https.EMAIL_HOST = ["bob@example.org"], "127.0.0.1"
    https.CERTIFICATE = replace(https.CERTIFICATE, email="ada@example.org")
    certificate = issue()
    fail()
    current = state.read()
    with Smtp() as mail:
        https.EMAIL_PORT = mail.port
        assert notices.is_due(current, NOW)
        assert notices.send_failure(current, certificate)
        mail.refuse("451 later")
        assert not notices.send_failure(current, certificate)

        (message,) = mail.messages
    assert message["To"] == "ada@example.org"
    assert "no new certificate for paste.test (port_closed)" in message["Subject"]
    assert "Let port 80" in message.get_content()
    mailed = replace(current, mailed_at=NOW)
    assert not notices.is_due(mailed, NOW + timedelta(hours=23))
    assert notices.is_due(mailed, NOW + timedelta(hours=25))
    assert not notices.is_due(state.State(), NOW)
