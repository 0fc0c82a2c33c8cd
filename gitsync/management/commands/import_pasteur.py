"""`manage.py import_pasteur`: import the pastes of the original Pasteur."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync.errors import GitsyncError
from gitsync.recovery import import_pasteur
from gitsync.recovery.import_pasteur import ImportReport


class Command(BaseCommand):
    """Exits with status 1 if any file could not be imported as a paste, and 2 on errors."""

    help = "Import every paste from a repository of the original Pasteur; the old addresses continue to work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="the repository: an absolute path or an address as in GITSYNC_REMOTE")
        parser.add_argument(
            "--branch", default="", help="the branch (by default master, or else the only or default branch)"
        )
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with tqdm(desc="Importing", unit=" pastes", disable=None, leave=False) as bar:
                report = import_pasteur.import_from(options["url"], options["branch"], bar.update)
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        self._print(report, as_json=options["json"])
        if report.skipped:
            sys.exit(1)

    def _print(self, report: ImportReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(vars(report)))
            return
        for code, reason in report.skipped.items():
            self.stdout.write(f"skipped  {code}: {reason}")
        tip = f"{report.branch} at {report.tip[:10]}" if report.tip else "an empty repository"
        counts = f"{report.imported} imported, {report.present} already present, {len(report.skipped)} skipped"
        self.stdout.write(f"{tip}: {counts}.")
