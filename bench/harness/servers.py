"""The servers to measure: the site's web process alone, the baseline, and a durable PostgreSQL."""

import sys
from collections.abc import Mapping, Sequence
from typing import Self

from tests.servers.pasteur import ROOT, Pasteur
from tests.servers.postgresql import PostgreSQL


class DurablePostgreSQL(PostgreSQL):
    """PostgreSQL as used in production: a commit is on disk before the response."""

    def command(self) -> Sequence[str]:
        """Return the command line. If an option is repeated, the last value is used."""
        return [*super().command(), "-c", "fsync=on"]


class Web(Pasteur):
    """The site's web process, started as by `manage.py run`, without the worker and periodic tasks."""

    def start(self) -> Self:
        """Create the tables and start."""
        self.manage("migrate", "--verbosity", "0")
        return super().start()

    def command(self) -> Sequence[str]:
        """Return the command line."""
        return [sys.executable, "-m", "bench.harness.program", "web"]

    def environment(self) -> Mapping[str, str]:
        """Return the site's environment, in which this project can be imported from any directory."""
        return {**super().environment(), "PYTHONPATH": str(ROOT)}


class Floor(Web):
    """Two bare views on the same gunicorn and the same kind of database, which no Django site could exceed."""

    def start(self) -> Self:
        """Create the table and start."""
        self.manage("migrate", "--run-syncdb", "--verbosity", "0")
        return super(Web, self).start()

    def command(self) -> Sequence[str]:
        """Return the command line of `bench.harness.program web` with a different application."""
        gunicorn = ["-m", "gunicorn", "--chdir", str(ROOT), "-c", "python:bench.floor.gunicorn_config"]
        return [sys.executable, *gunicorn, "bench.floor.wsgi"]

    def environment(self) -> Mapping[str, str]:
        """Return the site's environment with the baseline's settings."""
        return {**super().environment(), "DJANGO_SETTINGS_MODULE": "bench.floor.settings"}
