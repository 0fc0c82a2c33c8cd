"""`manage.py purge`: erase pastes from the database, the mirror and the mirror's history."""

import getpass
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync.advice import advice_for
from gitsync.errors import GitsyncError
from gitsync.models import Change, Purge
from gitsync.sync import resync
from pastes.lifecycle import erasing
from pastes.models import Paste, Tombstone
from pastes.rules.keys import is_valid_key


class Command(BaseCommand):
    """Purges all pastes or none; exits with status 1 if any key is unknown.

    Exits with status 2 if the mirror could not be rewritten yet; the worker tries again.
    """

    help = "Permanently erase pastes from the database and from the history of the mirror."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("keys", nargs="+", metavar="KEY", help="the keys of the pastes")
        parser.add_argument("--reason", required=True, help="the reason, which is stored in the tombstone")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = sorted(set(options["keys"]))
        _check_keys(keys)
        for key in keys:
            erasing.purge(key, reason=options["reason"], by=getpass.getuser())
        self.stdout.write(f"{len(keys)} erased from the database.")
        try:
            with tqdm(desc="Rewriting", unit=" changes", disable=None, leave=False) as bar:
                resync.deliver(bar.update, lambda seconds: bar.set_postfix_str(f"next push in {seconds:.0f} s"))
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        if pending := list(Purge.objects.pending().filter(key__in=keys)):
            lines = [f"{len(pending)} are still in the mirror.", pending[0].error, advice_for(pending[0].error_code)]
            raise CommandError("\n".join(filter(None, lines)), returncode=2)
        self.stdout.write(f"{len(keys)} erased from the history of the mirror.")


def _check_keys(keys: Sequence[str]) -> None:
    """Refuse all keys if any was never used, neither in the database nor in Git: it is probably mistyped."""
    if invalid := [key for key in keys if not is_valid_key(key)]:
        raise CommandError(f"{invalid[0][:50]!r} is not a valid key; nothing was purged.", returncode=1)
    unknown = set(keys)
    for rows in (Paste.objects, Change.objects, Tombstone.objects):
        unknown -= set(rows.filter(key__in=unknown).values_list("key", flat=True))
    try:
        unknown -= resync.in_git(sorted(unknown)) if unknown else set()
    except GitsyncError as error:
        message = f"Could not check whether Git has {', '.join(sorted(unknown))}; nothing was purged."
        raise CommandError(f"{message}\n{error}\n{error.advice}", returncode=1) from None
    if unknown:
        raise CommandError(f"No such paste: {', '.join(sorted(unknown))}; nothing was purged.", returncode=1)
