"""`manage.py run`: run the entire site in the foreground."""

import fcntl
import logging.config
import os
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, OutputWrapper, SystemCheckError

from pasteur_site import addresses
from pasteur_site.processes import output, program_states
from pasteur_site.processes.supervisor import Supervisor
from pasteur_site.startup import EX_CONFIG


class Command(BaseCommand):
    """Prepare the data folder, then supervise the web server, the worker, the scheduler and the certificates."""

    help = "Run the whole site (web server, worker and scheduler) until Ctrl-C."

    def check(self, *args: Any, **options: Any) -> None:
        try:
            super().check(*args, **{**options, "databases": ["default"]})
        except SystemCheckError as error:
            error.returncode = EX_CONFIG  # Prevents systemd from restarting it over and over.
            raise

    def execute(self, *args: Any, **options: Any) -> str | None:
        output.never_wait()
        logging.config.dictConfig(settings.LOGGING)  # The existing handler still uses the old standard error.
        self.stdout, self.stderr = OutputWrapper(sys.stdout), OutputWrapper(sys.stderr)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        lock = (settings.DATA_DIR / "run.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Pasteur is already running with the data folder {settings.DATA_DIR}.") from None
        for port in [settings.PORT, settings.HTTPS_PORT] if settings.PASTEUR_HTTPS else [settings.PORT]:
            self._check_port("PORT" if port == settings.PORT else "HTTPS_PORT", port)
        call_command("migrate", interactive=False, verbosity=0)
        from gitsync.remote.git_remote import Remote  # Requires Git, which other commands do not need.

        remote = Remote.configured()
        remote.prepare()
        self._print_addresses(remote.address.url)
        os.environ["CELERY_SKIP_CHECKS"] = "1"  # This command has already run the checks.
        state_file = settings.DATA_DIR / program_states.FILE_NAME
        status = Supervisor(programs(), state_file, settings.BASE_DIR).run()
        self.stdout.write("Pasteur has stopped.")
        sys.exit(status)

    def _check_port(self, name: str, port: int) -> None:
        """Fail with a single-line error instead of letting gunicorn retry and log."""
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, port))
            except OSError as error:
                advice = f"Set another {name}."
                if isinstance(error, PermissionError):
                    advice = f"Ports below 1024 need the capability CAP_NET_BIND_SERVICE, or set another {name}."
                raise CommandError(f"Cannot listen on {addresses.bind(port)}: {error.strerror}. {advice}") from None

    def _print_addresses(self, remote: str) -> None:
        url = settings.PASTEUR_URL or f"http://{addresses.local(settings.PORT)}"
        self.stdout.write(
            f"{settings.PASTEUR_TITLE} is starting at {url}/\n"
            f"  Paste:   curl -T FILE {url}/\n"
            f"  Mirror:  {remote} (branch {settings.GITSYNC_BRANCH}), one commit per change\n"
            f"  Clone:   git clone {remote}\n"
            f"  Data:    {settings.DATA_DIR}\n"
            f"  Admin:   {url}/admin/ (create an account: ./manage.py createsuperuser)\n"
            f"  Stop:    Ctrl-C\n"
        )
        self.stdout.flush()


def programs() -> dict[str, list[str]]:
    """Return the command lines, keyed by program name. They work in any current directory."""
    python, root = sys.executable, str(Path(settings.BASE_DIR))
    celery = [python, "-m", "celery", "--app", "pasteur_site", "--workdir", root, "--quiet"]
    certificates = [python, "-m", "pasteur_site.certificates.keeper"]
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
        **({"certificates": certificates} if settings.PASTEUR_HTTPS else {}),
    }
