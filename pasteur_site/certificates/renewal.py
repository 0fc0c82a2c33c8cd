"""When a new certificate is due, and how the site gets it. One process at a time; a failure leaves all as it is."""

import fcntl
import http.client
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography import x509
from django.conf import settings

from pasteur_site import addresses
from pasteur_site.certificates import certbot, keys, served, state
from pasteur_site.certificates.errors import CertificateError
from pasteur_site.certificates.served import Certificate

#: A certificate is replaced when this share of its time is left; one for ten days at most, when half is left.
_SHARE_LEFT, _SHORT_SHARE_LEFT = 1 / 3, 1 / 2
_SHORT = timedelta(days=10)
CHALLENGE_PATH = "/.well-known/acme-challenge/"


def due_at(certificate: Certificate | None, now: datetime) -> datetime:
    """Return when a new certificate is due: at once, unless the one in use fits the settings."""
    config = settings.CERTIFICATE
    if certificate is None or certificate.is_placeholder or set(certificate.names) != set(config.names):
        return now
    if state.read().directory not in {"", config.directory}:
        return now
    if config.seed and certificate.pin != keys.pin(served.new_key().public_key()):
        return now
    lifetime = certificate.expires_at - certificate.begins_at
    return certificate.expires_at - lifetime * (_SHORT_SHARE_LEFT if lifetime <= _SHORT else _SHARE_LEFT)


def next_attempt_at(now: datetime) -> datetime:
    """Return when the next attempt is due, after a pause if the last one has failed."""
    return max(due_at(served.read(), now), state.read().retry_at or now)


def renew(*, site_seconds: float) -> Certificate:
    """Get a new certificate and use it; record and raise CertificateError if that fails.

    For a proof over HTTP, the site has to answer within `site_seconds`.
    """
    with _lock():
        try:
            key = served.new_key()
            _wait_for_site(site_seconds)
            chain = certbot.obtain(key)
            _check(chain, keys.pin(key.public_key()))
            try:
                served.store(key, chain)
                state.write(state.State(directory=settings.CERTIFICATE.directory))
            except OSError as error:
                raise CertificateError("disk", str(error)) from None
        except CertificateError as error:
            _record(error)
            raise
    certificate = served.read()
    assert certificate is not None  # noqa: S101  (it has been checked and stored)
    return certificate


def test(*, site_seconds: float) -> None:
    """Try everything and change nothing. Raises CertificateError."""
    with _lock():
        _wait_for_site(site_seconds)
        certbot.obtain(served.new_key(), is_test=True)


def revoke(reason: str) -> None:
    """Revoke the certificate in use and replace it by a placeholder; a new one is then due. Raises CertificateError."""
    with _lock():
        try:
            certbot.revoke(reason)
        except CertificateError as error:
            if error.code != "already_revoked":
                raise
        served.store_placeholder()
        state.write(state.State())


@contextmanager
def _lock() -> Iterator[None]:
    try:
        served.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (served.folder() / "lock").open("w")
    except OSError as error:
        raise CertificateError("disk", str(error)) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CertificateError("busy") from None
        yield


def _record(error: CertificateError) -> None:
    try:
        state.write(state.read().after(error, datetime.now(UTC)))
    except OSError:
        pass  # The error itself is reported; that the disk is full is known from elsewhere.


def _check(chain: bytes, pin: str) -> None:
    """Fail if the authority has issued something that the web server could not use."""
    try:
        key = x509.load_pem_x509_certificate(chain).public_key()
    except ValueError as error:
        raise CertificateError("unexpected", f"the certificate cannot be read: {error}") from None
    if keys.pin(key) != pin:  # type: ignore[arg-type]  # Any kind of key has a pin.
        raise CertificateError("unexpected", "the certificate is for another key")


def _wait_for_site(seconds: float) -> None:
    """Wait until the web server hands out a file as it will to the authority. Raises CertificateError."""
    if settings.CERTIFICATE.dns_server:
        return
    token = secrets.token_urlsafe(16)
    folder = certbot.webroot() / CHALLENGE_PATH.strip("/")
    file = folder / token
    deadline = time.monotonic() + seconds
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(token, encoding="ascii")
        while (answer := _fetch(f"{CHALLENGE_PATH}{token}")) != token:
            if time.monotonic() >= deadline:
                raise CertificateError("not_running", f"http://{addresses.local(settings.PORT)}: {answer}")
            time.sleep(0.25)
    except OSError as error:
        raise CertificateError("disk", str(error)) from None
    finally:
        file.unlink(missing_ok=True)


def _fetch(path: str) -> str:
    """Return what the site answers on its port for plain HTTP, or why it does not."""
    connection = http.client.HTTPConnection(addresses.local(settings.PORT), timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read(1_000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
