"""`manage.py deploy_key`: create the SSH key that the worker pushes with, and print its public part."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gitsync.errors import GitsyncError
from gitsync.remote import deploy_key


class Command(BaseCommand):
    """The `deploy_key` command."""

    help = "Create the deploy key at GITSYNC_SSH_KEY_FILE unless it exists, and print its public part."
    requires_system_checks = []  # They fail until the key exists.

    def add_arguments(self, parser: CommandParser) -> None:
        rotation = parser.add_mutually_exclusive_group()
        rotation.add_argument("--next", action="store_true", help="create the next key beside the present one")
        rotation.add_argument(
            "--activate", action="store_true", help="exchange the two keys; a second time brings the former key back"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with status 2 if the key cannot be written or read, or was not derived from the seed."""
        file, seed = settings.GITSYNC_SSH_KEY_FILE, settings.GITSYNC_SSH_SEED
        following = file.with_name(f"{file.name}.next")
        if options["activate"]:
            self._activate(file, following)
            return
        if options["next"]:
            file = following
        try:
            key = deploy_key.derive(seed) if seed else deploy_key.generate()
            try:
                deploy_key.write(key, file)
                self.stderr.write(f"{'Derived' if seed else 'Created'} {file}.")
            except FileExistsError:
                self.stderr.write(f"{file} already exists and was not changed.")
            public = deploy_key.read(file)
        except GitsyncError as error:
            raise CommandError(str(error), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}", returncode=2) from None
        if seed and file.read_bytes() != deploy_key.encoded(key):
            raise CommandError(f"{file} contains a key that was not derived from GITSYNC_SSH_SEED.", returncode=2)
        self.stdout.write(public.line)
        self.stderr.write(f"Fingerprint: {public.fingerprint}")
        self.stderr.write("Add the line above to the repository as a deploy key with write access.")

    def _activate(self, file: Path, following: Path) -> None:
        """Exchange the keys. The worker reads the file before each push, so it needs no restart."""
        try:
            public = deploy_key.read(following)
            spare = file.with_name(f"{file.name}.exchange")
            file.rename(spare)
            following.rename(file)
            spare.rename(following)
            file.with_name(f"{file.name}.pub").write_text(f"{public.line}\n", encoding="ascii")
        except GitsyncError as error:
            raise CommandError(f"{error}. Create it with --next.", returncode=2) from None
        except OSError as error:
            raise CommandError(f"{file} cannot be replaced: {error.strerror}", returncode=2) from None
        self.stdout.write(public.line)
        self.stderr.write(f"The worker pushes with this key now; the former one is {following}.")
        self.stderr.write("Remove the former key from the repository when `manage.py mirror_status` shows a push.")
