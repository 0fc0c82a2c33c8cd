"""A PostgreSQL cluster, run as an ordinary process."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.servers.process import ServerProcess, program


class PostgreSQL(ServerProcess):
    """PostgreSQL with an empty database called `pasteur`."""

    @property
    def url(self) -> str:
        """The value of DATABASE_URL."""
        return f"postgres://pasteur@127.0.0.1:{self.port}/pasteur"

    def start(self) -> Self:
        """Create the cluster on the first start, start it, and create the database."""
        data = self.folder / "data"
        if not data.exists():
            if os.getuid() == 0:
                shutil.chown(self.folder, "postgres")
            initdb = [_bin("initdb"), "-D", str(data), "-U", "pasteur", "-A", "trust", "-E", "UTF8", "--no-sync"]
            subprocess.run([*_as_postgres(), *initdb], check=True, stdout=subprocess.DEVNULL, cwd="/")
        super().start()
        database_exists = "SELECT 1 FROM pg_database WHERE datname = 'pasteur'"
        if "1" not in self.query(database_exists, database="postgres"):
            self.query("CREATE DATABASE pasteur", database="postgres")
        return self

    def command(self) -> Sequence[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "100",
        }
        return [
            *_as_postgres(),
            *(_bin("postgres"), "-D", str(self.folder / "data")),
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ]

    def is_ready(self) -> bool:
        """Return whether it accepts queries."""
        command = [_bin("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def psql(self, *arguments: str, database: str = "pasteur") -> list[str]:
        """Return the command line of psql, connected to a database."""
        psql = [_bin("psql"), "-X", "-q", "-t", "-A", "-h", "127.0.0.1", "-p", str(self.port), "-U", "pasteur"]
        return [*psql, *arguments, database]

    def query(self, sql: str, *, database: str = "pasteur") -> str:
        """Run one statement and return the output of psql."""
        command = self.psql("-c", sql, database=database)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _bin(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return program(name, *map(str, places))


def _as_postgres() -> list[str]:
    """Return the prefix of a command that has to run as the user postgres, since PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
