"""`manage.py read_from_git`: import what others have pushed, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gitsync.errors import GitsyncError
from gitsync.inbound.removals import Removals
from gitsync.progress import unwatched
from gitsync.sync import resync


class Command(BaseCommand):
    """Exits with status 2 on errors."""

    help = "Import what others have pushed, and decide about large numbers of removals."

    def add_arguments(self, parser: ArgumentParser) -> None:
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument(
            "--accept-removals",
            action="store_true",
            help="hide all pastes that others have removed, regardless of their number",
        )
        decision.add_argument("--undo-removals", action="store_true", help="put the removed pastes back into Git")

    def handle(self, *args: Any, **options: Any) -> None:
        removals = Removals.ASK
        if options["accept_removals"]:
            removals = Removals.ACCEPT
        elif options["undo_removals"]:
            removals = Removals.UNDO
        try:
            tip = resync.import_pushed(removals)
            resync.deliver(unwatched, unwatched)
        except GitsyncError as error:
            raise CommandError(f"{error}\n{error.advice}", returncode=2) from None
        self.stdout.write(f"Imported up to {tip[:10] or 'an empty branch'}.")
