"""`manage.py purge`: what was pasted is erased, in the database, in the mirror and in its history."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync import resync
from gitsync.errors import GitsyncError, advice_for
from gitsync.models import Purge
from pastes import purging


class Command(BaseCommand):
    """Erase, and see the mirror rewritten."""

    help = "Erase pastes for good: every revision in the database, and the history of the mirror."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("keys", nargs="+", metavar="KEY", help="the keys of the pastes")
        parser.add_argument("--reason", required=True, help="why; it stays in the tombstone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge. Exits 2 when the mirror could not be rewritten yet; the worker goes on trying."""
        keys = sorted(set(options["keys"]))
        for key in keys:
            try:
                purging.purge(key, reason=options["reason"], by=getpass.getuser())
            except ValueError as error:
                raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"{len(keys)} erased from the database.")
        try:
            with tqdm(desc="Rewriting", unit=" changes", disable=None, leave=False) as bar:
                resync.deliver(bar.update, lambda seconds: bar.set_postfix_str(f"next push in {seconds:.0f} s"))
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        if left := list(Purge.objects.waiting().filter(key__in=keys)):
            words = [f"{len(left)} are still in the mirror.", left[0].error, advice_for(left[0].error_code)]
            raise CommandError("\n".join(filter(None, words)), returncode=2)
        self.stdout.write(f"{len(keys)} erased from the history of the mirror.")
