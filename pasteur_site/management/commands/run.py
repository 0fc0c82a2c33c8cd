"""`manage.py run`: the whole site in one foreground process tree."""

import fcntl
import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from pasteur_site.processes.supervisor import Supervisor


class Command(BaseCommand):
    """Run web, worker and periodic tasks until Ctrl-C."""

    help = "Run the whole site: web, worker and periodic tasks, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take no options: the environment says everything (docs/settings.md)."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare what is missing, start everything, and exit when it has ended."""
        lock = (settings.DATA_DIR / "run.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Pasteur is already running on {settings.DATA_DIR}.") from None
        self._check_port()
        call_command("migrate", interactive=False, verbosity=0)
        from gitsync.remote.git_remote import Remote  # Git is needed from here on, and not by other commands.

        remote = Remote.configured()
        remote.prepare()
        self._greet(remote.address.url, is_path=not remote.address.is_network)
        os.environ["CELERY_SKIP_CHECKS"] = "1"  # This command has run them, and the worker starts sooner without.
        status = Supervisor(_programs()).run()
        self.stdout.write("Pasteur has stopped.")
        sys.exit(status)

    def _check_port(self) -> None:
        """Refuse early, and in one line, what gunicorn would only say in its log."""
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
            except OSError as error:
                place = f"{settings.HOST}:{settings.PORT}"
                raise CommandError(f"Cannot listen on {place}: {error.strerror}. Choose another PORT.") from None

    def _greet(self, remote: str, *, is_path: bool) -> None:
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.HOST, settings.HOST)  # noqa: S104  (only compared)
        host = f"[{host}]" if ":" in host else host
        url = settings.PASTEUR_URL or f"http://{host}:{settings.PORT}"
        kept = "here" if is_path else "there"
        self.stdout.write(
            f"{settings.PASTEUR_TITLE} is starting at {url}/\n"
            f"  Paste:   curl -T FILE {url}/\n"
            f"  Mirror:  {remote} (branch {settings.GITSYNC_BRANCH}); every paste is a commit {kept}\n"
            f"  Clone:   git clone {remote}\n"
            f"  Data:    {settings.DATA_DIR}\n"
            f"  Admin:   {url}/admin/ (make yourself an account: ./manage.py createsuperuser)\n"
            f"  Stop:    Ctrl-C\n"
        )
        self.stdout.flush()


def _programs() -> dict[str, list[str]]:
    """Return the three programs, by name. They find this project wherever the command was started."""
    python, root = sys.executable, str(Path(settings.BASE_DIR))
    celery = [python, "-m", "celery", "--app", "pasteur_site", "--workdir", root, "--quiet"]
    return {
        "web": [
            python,
            "-m",
            "gunicorn",
            "--chdir",
            root,
            "-c",
            "python:pasteur_site.web_server.config",
            "pasteur_site.wsgi",
        ],
        "worker": [*celery, "worker", "--loglevel", "warning", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", "--loglevel", "warning", "--pidfile="],
    }
