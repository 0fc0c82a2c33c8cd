"""`manage.py import_pasteur`: the pastes of the first Pasteur, with their addresses."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync.errors import GitsyncError
from gitsync.recovery import import_pasteur
from gitsync.recovery.import_pasteur import Imported


class Command(BaseCommand):
    """Read, report."""

    help = "Take over every paste of a repository of the first Pasteur; its addresses go on answering."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("url", help="the repository: an absolute path or an address like that of GITSYNC_REMOTE")
        parser.add_argument("--branch", default="", help="its branch (master, or else the only or the default one)")
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import. Exits 1 when something in Git could not be read as a paste, 2 on trouble."""
        try:
            with tqdm(desc="Importing", unit=" pastes", disable=None, leave=False) as bar:
                found = import_pasteur.import_from(options["url"], options["branch"], bar.update)
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        self._report(found, as_json=options["json"])
        if found.skipped:
            sys.exit(1)

    def _report(self, found: Imported, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(vars(found)))
            return
        for key, reason in found.skipped.items():
            self.stdout.write(f"skipped  {key}: {reason}")
        tip = f"{found.branch} at {found.tip[:10]}" if found.tip else "an empty repository"
        counts = f"{found.imported} imported, {found.present} were there, {len(found.skipped)} skipped"
        self.stdout.write(f"{tip}: {counts}.")
