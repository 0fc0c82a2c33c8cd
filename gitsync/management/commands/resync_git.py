"""`manage.py resync_git`: compare the mirror with the database, and make it match."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gitsync.compare.differences import Comparison
from gitsync.errors import GitsyncError, RemoteDamagedError
from gitsync.models import Change
from gitsync.outbox.eligibility import mirrored
from gitsync.sync import maintenance, resync

#: The maximum number of keys to list per kind; `--json` lists all.
_LISTED_KEYS = 50
_MEANINGS = {
    "missing": "in the database, not in Git",
    "differs": "different in both",
    "extra": "in Git, not in the database",
    "waiting": "waiting for the next push",
    "set_aside": "rejected by the remote",
    "withheld": "on secret hold",
}


class Command(BaseCommand):
    """Compares, reports and repairs; with `--check`, exits with status 1 if there are differences."""

    help = "Compare the mirror with the database by path and object id, and make it match."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only compare; exit with status 1 if there are differences"
        )
        parser.add_argument(
            "--prune", action="store_true", help="remove pastes that are only in Git, instead of stopping"
        )
        parser.add_argument(
            "--adopt", action="store_true", help="accept a different repository or branch than the one used before"
        )
        parser.add_argument(
            "--rebuild-remote",
            action="store_true",
            help="replace the default remote with one created from the database",
        )
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                damage = maintenance.verify()
                is_clean = self._compare(options) and not damage
                if damage:
                    self.stderr.write(f"The remote is damaged: {damage}\n{RemoteDamagedError.advice}")
                sys.exit(0 if is_clean else 1)
            if options["rebuild_remote"]:
                self.stderr.write(f"The old remote is at {maintenance.rebuild_remote()}; delete it when done.")
            self._compare(options)
            self._deliver()
            if options["rebuild_remote"]:
                maintenance.verify()
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None

    def _compare(self, options: dict[str, Any]) -> bool:
        """Compare and report; return True if there were no differences."""
        total = mirrored().count()
        with tqdm(total=total, desc="Comparing", unit=" pastes", disable=None, leave=False) as bar:
            if options["check"]:
                comparison = resync.look(bar.update)
            else:
                comparison = resync.enqueue(prune=options["prune"], adopt=options["adopt"], progress=bar.update)
        self._report(comparison, as_json=options["json"])
        return comparison.is_clean

    def _report(self, comparison: Comparison, *, as_json: bool) -> None:
        lists = comparison.by_kind()
        if as_json:
            self.stdout.write(
                json.dumps({"tip": comparison.tip, "pastes": comparison.pastes, "clean": comparison.is_clean, **lists})
            )
            return
        for kind, keys in lists.items():
            for key in keys[:_LISTED_KEYS]:
                self.stdout.write(f"{kind:8} {key}")
            if len(keys) > _LISTED_KEYS:
                self.stdout.write(f"{kind:8} and {len(keys) - _LISTED_KEYS} more; --json lists all")
        counts = [f"{len(keys)} {_MEANINGS[kind]}" for kind, keys in lists.items() if keys]
        tip = comparison.tip[:10] or "an empty branch"
        self.stdout.write(f"{comparison.pastes} pastes against {tip}: {', '.join(counts) or 'no difference'}.")

    def _deliver(self) -> None:
        total = Change.objects.pending().count()
        if not total:
            return
        with tqdm(total=total, desc="Pushing", unit=" changes", disable=None, leave=False) as bar:
            resync.deliver(bar.update, lambda seconds: bar.set_postfix_str(f"next push in {seconds:.0f} s"))
        self.stderr.write(f"{total} changes pushed.")
