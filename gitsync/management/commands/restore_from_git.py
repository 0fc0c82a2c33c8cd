"""`manage.py restore_from_git`: restore pastes that are only in the mirror."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync.errors import GitsyncError
from gitsync.recovery import restore
from gitsync.recovery.restore import RestoreReport


class Command(BaseCommand):
    """Exits with status 1 if any folder could not be restored as a paste, and 2 on errors."""

    help = "Restore every paste that is at the tip of the mirror but not in the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="source", default="", help="a remote other than GITSYNC_REMOTE")
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with tqdm(desc="Restoring", unit=" pastes", disable=None, leave=False) as bar:
                report = restore.restore(options["source"], bar.update)
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        self._print(report, as_json=options["json"])
        if report.skipped:
            sys.exit(1)

    def _print(self, report: RestoreReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(vars(report)))
            return
        for key, reason in report.skipped.items():
            self.stdout.write(f"skipped  {key}: {reason}")
        tip = report.tip[:10] or "an empty repository"
        counts = f"{report.restored} restored, {report.present} already present, {len(report.skipped)} skipped"
        self.stdout.write(f"{tip}: {counts}.")
