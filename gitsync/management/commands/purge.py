"""`manage.py purge`: what was pasted is erased, in the database, in the mirror and in its history."""

import getpass
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync.errors import GitsyncError, advice_for
from gitsync.models import Change, Purge
from gitsync.sync import resync
from pastes.lifecycle import erasing
from pastes.models import Paste, Tombstone
from pastes.rules.keys import can_be


class Command(BaseCommand):
    """Erase, and see the mirror rewritten."""

    help = "Erase pastes for good: every revision in the database, and the history of the mirror."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("keys", nargs="+", metavar="KEY", help="the keys of the pastes")
        parser.add_argument("--reason", required=True, help="why; it stays in the tombstone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge all of them, or none: exits 1 when one is not known here.

        Exits 2 when the mirror could not be rewritten yet; the worker goes on trying.
        """
        keys = sorted(set(options["keys"]))
        _check(keys)
        for key in keys:
            erasing.purge(key, reason=options["reason"], by=getpass.getuser())
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


def _check(keys: Sequence[str]) -> None:
    """Refuse keys that are no paste's, here or in Git, and never were: a letter may be wrong."""
    if odd := [key for key in keys if not can_be(key)]:
        raise CommandError(f"{odd[0][:50]!r} cannot be the key of a paste; nothing was purged.", returncode=1)
    missing = set(keys)
    for rows in (Paste.objects, Change.objects, Tombstone.objects):
        missing -= set(rows.filter(key__in=missing).values_list("key", flat=True))
    try:
        missing -= resync.in_git(sorted(missing)) if missing else set()
    except GitsyncError as error:
        words = f"Whether Git has {', '.join(sorted(missing))} cannot be told, so nothing was purged."
        raise CommandError(f"{words}\n{error}\n{error.advice}", returncode=1) from None
    if missing:
        raise CommandError(f"{', '.join(sorted(missing))}: not known here; nothing was purged.", returncode=1)
