"""`manage.py certificate`: show the certificate of the site, try out its renewal, renew and revoke it."""

import os
import pwd
import socket
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pasteur_site.certificates import certbot, renewal, served, status
from pasteur_site.certificates.errors import CertificateError

#: Failures for which it helps to know what the name means on this machine.
_ABOUT_ADDRESSES = {"name_unknown", "port_closed", "wrong_server"}
_SITE_SECONDS = 5.0


class Command(BaseCommand):
    """The `certificate` command."""

    help = "Show the certificate that the site gets by itself (PASTEUR_HTTPS), test, renew or revoke it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=["show", "renew", "revoke"], default="show")
        parser.add_argument("--dry-run", action="store_true", help="prove the names to the authority, change nothing")
        parser.add_argument("--force", action="store_true", help="renew a certificate that is not due")
        parser.add_argument("--reason", choices=certbot.REASONS, default="unspecified", help="why it is revoked")

    def handle(self, *args: Any, action: str, dry_run: bool, force: bool, reason: str, **options: Any) -> None:
        """Exits with 1 after a failure, and if the certificate shown is not in order."""
        if not settings.PASTEUR_HTTPS:
            raise CommandError("PASTEUR_HTTPS is off: this site does not get certificates by itself.")
        self._check_account()
        if dry_run and action == "revoke":
            raise CommandError("A revocation cannot be tried out.")
        try:
            if dry_run:
                self._test()
            elif action == "renew":
                self._renew(force=force)
            elif action == "revoke":
                self._revoke(reason)
            else:
                self._show()
        except CertificateError as error:
            raise CommandError(_describe(error)) from None

    def _check_account(self) -> None:
        """Refuse to write files that the site could not read."""
        owner = settings.DATA_DIR.stat().st_uid
        if owner != os.geteuid():
            try:
                name = pwd.getpwuid(owner).pw_name
            except KeyError:
                name = str(owner)
            raise CommandError(f"Run this as {name}, the owner of {settings.DATA_DIR}.")

    def _show(self) -> None:
        now, current = datetime.now(UTC), status.current()
        assert current is not None  # noqa: S101  (HTTPS is on)
        certificate, attempts = current.certificate, current.attempts
        lines = [("Names", ", ".join(settings.CERTIFICATE.names)), ("Authority", settings.CERTIFICATE.directory)]
        server = settings.CERTIFICATE.dns_server
        lines.append(("Proof", f"DNS, by updates of {server}" if server else f"HTTP, on port {settings.PORT}"))
        if certificate is None:
            lines.append(("Certificate", "none yet; the site makes a placeholder when it starts"))
        elif certificate.is_placeholder:
            lines.append(("Certificate", "a placeholder, of which browsers warn"))
        else:
            lines.append(
                ("Certificate", f"{'expired' if current.is_expired else 'valid'}, for {', '.join(certificate.names)}")
            )
            lines.append(("Issuer", certificate.issuer))
            lines.append(("Serial", f"{certificate.serial:x}"))
            lines.append(
                ("Valid", f"{certificate.begins_at:%Y-%m-%d %H:%M} to {certificate.expires_at:%Y-%m-%d %H:%M} UTC")
            )
            lines.append(("Renewal", f"due {_when(renewal.due_at(certificate, now), now)}"))
        if certificate:
            lines.append(("Key", f"SHA-256 {certificate.pin}"))
        if attempts.failures:
            lines.append(("Failures", f"{attempts.failures} in a row, next try {_when(attempts.retry_at or now, now)}"))
            lines.append(("Last failure", f"{attempts.code}: {attempts.summary}"))
            lines.append(("What to do", attempts.advice))
            lines.append(("Message", attempts.detail or "none"))
        for name, value in lines:
            self.stdout.write(f"{name + ':':14}{value}")
        if current.has_problem:
            raise SystemExit(1)

    def _test(self) -> None:
        renewal.test(site_seconds=_SITE_SECONDS)
        self.stdout.write(f"The authority has accepted the proof of {', '.join(settings.CERTIFICATE.names)}.")
        self.stdout.write("Nothing was changed.")

    def _renew(self, *, force: bool) -> None:
        now = datetime.now(UTC)
        due = renewal.due_at(served.read(), now)
        if due > now and not force:
            self.stdout.write(f"The certificate is due {_when(due, now)}; --force gets a new one now.")
            return
        certificate = renewal.renew(site_seconds=_SITE_SECONDS)
        self.stdout.write(
            f"New certificate, valid until {certificate.expires_at:%Y-%m-%d %H:%M} UTC. The site uses it."
        )

    def _revoke(self, reason: str) -> None:
        renewal.revoke(reason)
        self.stdout.write(
            "Revoked. The site shows a placeholder until it has a new certificate, in a moment if it runs."
        )
        if reason == "keycompromise" and settings.CERTIFICATE.seed:
            self.stdout.write("The new certificate would have the same key: set a new PASTEUR_CERTIFICATE_SEED.")


def _describe(error: CertificateError) -> str:
    lines = [f"{error.summary} ({error.code})", f"What to do: {error.advice}"]
    if error.code in _ABOUT_ADDRESSES:
        lines += [f"From here, {name} is {_addresses(name)}." for name in settings.CERTIFICATE.names if "*" not in name]
    if error.detail:
        lines.append(f"Message: {error.detail}")
    return "\n".join(lines)


def _addresses(name: str) -> str:
    try:
        found = socket.getaddrinfo(name, settings.PORT, type=socket.SOCK_STREAM)
    except OSError:
        return "unknown"
    return ", ".join(dict.fromkeys(str(address[0]) for *_, address in found))


def _when(at: datetime, now: datetime) -> str:
    return "now" if at <= now else f"on {at:%Y-%m-%d %H:%M} UTC"
