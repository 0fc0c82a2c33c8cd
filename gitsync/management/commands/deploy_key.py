"""`manage.py deploy_key`: the key with which the worker pushes over SSH."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gitsync.errors import GitsyncError
from gitsync.remote import deploy_key


class Command(BaseCommand):
    """Make the deploy key when there is none, and print its public part."""

    help = "Make the deploy key at GITSYNC_SSH_KEY_FILE, unless there is one, and print its public part."
    requires_system_checks = []  # They would say that the key is missing.

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take no options: the settings say where, and from which seed."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or read the key. Exits 2 when it cannot be, or when it is not the seed's."""
        file, seed = settings.GITSYNC_SSH_KEY_FILE, settings.GITSYNC_SSH_SEED
        try:
            key = deploy_key.derive(seed) if seed else deploy_key.generate()
            try:
                deploy_key.write(key, file)
                self.stderr.write(f"{'Derived' if seed else 'Made'} {file}.")
            except FileExistsError:
                self.stderr.write(f"{file} is there already, and stays as it is.")
            public = deploy_key.read(file)
        except GitsyncError as error:
            raise CommandError(str(error), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}", returncode=2) from None
        if seed and file.read_bytes() != deploy_key.encoded(key):
            raise CommandError(f"{file} holds another key than GITSYNC_SSH_SEED gives.", returncode=2)
        self.stdout.write(public.line)
        self.stderr.write(f"Fingerprint: {public.fingerprint}")
        self.stderr.write("Add the line above to the repository as a deploy key that may write.")
