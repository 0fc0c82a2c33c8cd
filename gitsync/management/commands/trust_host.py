"""`manage.py trust_host`: show a remote's SSH host keys, and pin them."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gitsync.errors import GitsyncError
from gitsync.remote import addresses, host_keys, known_hosts


class Command(BaseCommand):
    """The `trust_host` command."""

    help = "Fetch the keys of a host, and pin those with the given fingerprints in GITSYNC_SSH_KNOWN_HOSTS_FILE."
    requires_system_checks = []  # They fail until a key is pinned.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("host", metavar="HOST[:PORT]", help="the host of the remote, as in its address")
        parser.add_argument(
            "--fingerprint", action="append", default=[], help="pin the key with this fingerprint; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with status 1 if nothing was pinned, and 2 if the host presents no key."""
        named: list[str] = options["fingerprint"]
        for fingerprint in named:
            if not host_keys.FINGERPRINT.fullmatch(fingerprint):
                raise CommandError("A fingerprint consists of SHA256: and 43 characters.", returncode=2)
        try:
            address = addresses.parse(f"ssh://{options['host']}/pastes.git")
            self._trust(address.host, address.port, named)
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None

    def _trust(self, host: str, port: int, named: list[str]) -> None:
        file, name = settings.GITSYNC_SSH_KNOWN_HOSTS_FILE, host_keys.known_hosts_name(host, port)
        keys = host_keys.scan(host, port)
        if not keys:
            raise CommandError(
                f"{name} presents no host key. Check the address, and that the host is up.", returncode=2
            )
        pinned = host_keys.pinned(file, host, port) if file.exists() else []
        for key in keys:
            self.stdout.write(f"{key.kind:20} {key.fingerprint}{'  (already pinned)' if key in pinned else ''}")
        chosen = [key for key in keys if key.fingerprint in named] if named else self._confirmed(keys, name)
        if not chosen:
            raise CommandError(f"Nothing was pinned for {name}.", returncode=1)
        known_hosts.pin(file, host, port, chosen)
        self.stdout.write(f"Pinned for {name} in {file}: {', '.join(key.fingerprint for key in chosen)}")

    def _confirmed(self, keys: list[host_keys.HostKey], name: str) -> list[host_keys.HostKey]:
        if not sys.stdin.isatty():
            raise CommandError(
                "Standard input is not a terminal: add --fingerprint with the fingerprint that the forge publishes.",
                returncode=1,
            )
        self.stdout.write(f"Compare these with the fingerprints that {name} publishes.")
        return keys if input("Do they match? Type yes to pin them: ").strip() == "yes" else []
