"""`manage.py secret_key`: replace SECRET_KEY without losing the data that depends on it."""

import secrets
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pastes.access import secret_keys
from pasteur_site.configuration import secret_keys as stored_keys

_RESTART = "Restart the site: running processes keep the former key until then."


class Command(BaseCommand):
    """The `secret_key` command. The exit status is 1 if the current key is not the site's."""

    help = "Show, rotate, forget or adopt the SECRET_KEY of this site."
    requires_system_checks = []  # One of them fails if the key is foreign.

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("show", help="show whether SECRET_KEY is the site's and how many others are accepted")
        actions.add_parser("rotate", help="replace the key; unless it is stored, read the new one from standard input")
        actions.add_parser("forget", help="stop accepting former keys that are not in SECRET_KEY_FALLBACKS")
        actions.add_parser("adopt", help="use the current key with this database after the former one was lost")

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            {"show": self._show, "rotate": self._rotate, "forget": self._forget, "adopt": self._adopt}[action]()
        except secret_keys.ForeignSecretKeyError as error:
            raise CommandError(str(error)) from None

    def _show(self) -> None:
        if problem := secret_keys.mismatch():
            raise CommandError(problem)
        fallbacks = len(settings.SECRET_KEY_FALLBACKS)
        others = secret_keys.count_others()
        self.stdout.write(
            f"SECRET_KEY is this site's (fingerprint {secret_keys.fingerprint(settings.SECRET_KEY)}).\n"
            f"Fallbacks: {fallbacks}. Other keys that a process may start with: {others}."
        )

    def _rotate(self) -> None:
        """Register the new key first, so that both keys work after an interruption."""
        folder = settings.DATA_DIR
        is_stored = (folder / stored_keys.FILE_NAME).exists() and self._stored_key() == settings.SECRET_KEY
        new = secrets.token_urlsafe(48) if is_stored else sys.stdin.read().strip()
        if not stored_keys.is_strong(new) or any(character.isspace() for character in new):
            raise CommandError(
                "SECRET_KEY is set in the environment. Give the new one, at least 32 random characters, on standard "
                "input, for example with: openssl rand -hex 32"
            )
        secret_keys.add(new)
        if is_stored:
            stored_keys.rotate(folder, new)
            self.stdout.write(
                f"{folder / stored_keys.FILE_NAME} has a new key; the former one is a fallback.\n{_RESTART}"
            )
            return
        self.stdout.write(
            "The site accepts the new key. Put it into SECRET_KEY, and the former one into SECRET_KEY_FALLBACKS, for "
            f"web server and worker. {_RESTART}"
        )

    def _forget(self) -> None:
        is_stored = (settings.DATA_DIR / stored_keys.FALLBACKS_NAME).exists()
        if is_stored:
            stored_keys.forget_fallbacks(settings.DATA_DIR)
            settings.SECRET_KEY_FALLBACKS = []
        number = secret_keys.forget_others()
        self.stdout.write(f"{number} former keys are forgotten.{' ' + _RESTART if is_stored else ''}")

    def _adopt(self) -> None:
        secret_keys.adopt()
        self.stdout.write(
            "SECRET_KEY is this site's now. Moderators have to log in again, and texts that were purged before are no "
            f"longer recognized when they are pushed again. {_RESTART}"
        )

    def _stored_key(self) -> str:
        return (settings.DATA_DIR / stored_keys.FILE_NAME).read_text(encoding="ascii").strip()
