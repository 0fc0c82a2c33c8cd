"""`manage.py restore_from_git`: what only the mirror has comes back into the database."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync.errors import GitsyncError
from gitsync.recovery import restore
from gitsync.recovery.restore import Restored


class Command(BaseCommand):
    """Read, report."""

    help = "Give the database every paste back that is at the tip of the mirror and not in the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--from", dest="source", default="", help="another remote than GITSYNC_REMOTE")
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore. Exits 1 when something in Git could not be read as a paste, 2 on trouble."""
        try:
            with tqdm(desc="Restoring", unit=" pastes", disable=None, leave=False) as bar:
                found = restore.restore(options["source"], bar.update)
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        self._report(found, as_json=options["json"])
        if found.skipped:
            sys.exit(1)

    def _report(self, found: Restored, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(vars(found)))
            return
        for key, reason in found.skipped.items():
            self.stdout.write(f"skipped  {key}: {reason}")
        tip = found.tip[:10] or "an empty repository"
        counts = f"{found.restored} restored, {found.present} were there, {len(found.skipped)} skipped"
        self.stdout.write(f"{tip}: {counts}.")
