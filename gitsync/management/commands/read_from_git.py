"""`manage.py read_from_git`: what others have pushed is read in now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gitsync.errors import GitsyncError
from gitsync.inbound.read_in import Removals
from gitsync.progress import unwatched
from gitsync.sync import resync


class Command(BaseCommand):
    """Fetch, read in, push what comes of it."""

    help = "Read in what others have pushed, and decide about many removals."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--accept-removals", action="store_true", help="take removed pastes off the site, however many"
        )
        way.add_argument("--undo-removals", action="store_true", help="put removed pastes back into Git")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read in. Exits 2 on trouble."""
        removals = Removals.ACCEPT if options["accept_removals"] else Removals.ASK
        removals = Removals.UNDO if options["undo_removals"] else removals
        try:
            tip = resync.read_in(removals)
            resync.deliver(unwatched, unwatched)
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        self.stdout.write(f"Read in up to {tip[:10] or 'an empty branch'}.")
