"""The servers that are measured: the site's web process alone, the floor beside it, and a durable PostgreSQL."""

import sys
from collections.abc import Mapping, Sequence
from typing import Self

from tests.servers.pasteur import ROOT, Pasteur
from tests.servers.postgresql import PostgreSQL


class DurablePostgreSQL(PostgreSQL):
    """PostgreSQL as it runs where data matters: a commit is on disk before it is answered."""

    def command(self) -> Sequence[str]:
        """Return the command line; of an option that is given twice, the last counts."""
        return [*super().command(), "-c", "fsync=on"]


class Web(Pasteur):
    """The site's web process, started as `manage.py run` starts it, without worker and periodic tasks."""

    def start(self) -> Self:
        """Make the tables and start."""
        self.manage("migrate", "--verbosity", "0")
        return super().start()

    def command(self) -> Sequence[str]:
        """Return the command line."""
        return [sys.executable, "-m", "bench.harness.program", "web"]

    def environment(self) -> Mapping[str, str]:
        """Return the site's environment, in which this project is found wherever we were started."""
        return {**super().environment(), "PYTHONPATH": str(ROOT)}


class Floor(Web):
    """Two bare views on the same gunicorn and the same kind of database: what no Django site could be faster than."""

    def start(self) -> Self:
        """Make the table and start."""
        self.manage("migrate", "--run-syncdb", "--verbosity", "0")
        return super(Web, self).start()

    def command(self) -> Sequence[str]:
        """Return the command line of `bench.harness.program web` with another application."""
        gunicorn = ["-m", "gunicorn", "--chdir", str(ROOT), "-c", "python:pasteur_site.web_server.config"]
        return [sys.executable, *gunicorn, "bench.floor.wsgi"]

    def environment(self) -> Mapping[str, str]:
        """Return the site's environment with the floor's settings."""
        return {**super().environment(), "DJANGO_SETTINGS_MODULE": "bench.floor.settings"}
