"""`manage.py deploy_key`: create the SSH key that the worker pushes with, and print its public part."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gitsync.errors import GitsyncError
from gitsync.remote import deploy_key


class Command(BaseCommand):
    """The `deploy_key` command."""

    help = "Create the deploy key at GITSYNC_SSH_KEY_FILE unless it exists, and print its public part."
    requires_system_checks = []  # They fail until the key exists.

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with status 2 if the key cannot be written or read, or was not derived from the seed."""
        file, seed = settings.GITSYNC_SSH_KEY_FILE, settings.GITSYNC_SSH_SEED
        try:
            key = deploy_key.derive(seed) if seed else deploy_key.generate()
            try:
                deploy_key.write(key, file)
                self.stderr.write(f"{'Derived' if seed else 'Created'} {file}.")
            except FileExistsError:
                self.stderr.write(f"{file} exists and stays unchanged.")
            public = deploy_key.read(file)
        except GitsyncError as error:
            raise CommandError(str(error), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}", returncode=2) from None
        if seed and file.read_bytes() != deploy_key.encoded(key):
            raise CommandError(f"{file} has a different key than GITSYNC_SSH_SEED.", returncode=2)
        self.stdout.write(public.line)
        self.stderr.write(f"Fingerprint: {public.fingerprint}")
        self.stderr.write("Add the line above to the repository as a deploy key with write access.")
