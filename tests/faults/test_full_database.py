"""The database's disk is full: visitors and operators get a one-line message, and everything works again afterwards."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.pasteur import Pasteur
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.server, pytest.mark.alone, pytest.mark.timeout(240)]


class SmallPostgreSQL(PostgreSQL):
    """PostgreSQL whose tablespace is on a file system of 40 megabytes; its write-ahead log is not."""

    def mount(self) -> Path:
        tables = self.folder / "small"
        tables.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(tables)]
        if subprocess.run(command, check=False).returncode:
            pytest.skip("only root may mount a small file system")
        (tables / "space").mkdir()
        subprocess.run(["chown", "postgres", str(self.folder), str(tables), str(tables / "space")], check=True)
        self.query(f"CREATE TABLESPACE small LOCATION '{tables / 'space'}'", database="postgres")
        self.query("ALTER DATABASE pasteur SET TABLESPACE small", database="postgres")
        return tables


@pytest.fixture
def full_sqlite(tmp_path: Path) -> Iterator[tuple[Pasteur, Path]]:
    """Return a site on SQLite, and the file that fills its database's disk."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        with Pasteur(DATABASE_URL=f"sqlite:///{small}/pasteur.sqlite3", PASTEUR_LIMIT_CREATE="1000/minute") as site:
            yield site, small / "ballast"
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


@pytest.fixture
def full_postgresql() -> Iterator[tuple[Pasteur, Path]]:
    """Return a site on PostgreSQL, and the file that fills its database's disk."""
    with SmallPostgreSQL() as server:
        tables = server.mount()
        try:
            with Pasteur(DATABASE_URL=server.url, PASTEUR_LIMIT_CREATE="1000/minute") as site:
                yield site, tables / "ballast"
        finally:
            server.kill()
            subprocess.run(["umount", "--lazy", str(tables)], check=True)


@pytest.mark.parametrize(
    ("fixture", "reason"),
    [("full_postgresql", "could not extend file"), ("full_sqlite", "database or disk is full")],
)
def test_a_full_database_disk_is_reported_without_a_traceback(
    request: pytest.FixtureRequest, fixture: str, reason: str
) -> None:
    site, ballast = request.getfixturevalue(fixture)
    site.paste("before")
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass  # Now it is full.

    def status() -> int:
        return int(site.http.request("GET", f"{site.url}/readyz").status)

    wait_until(lambda: status() == 503, "not ready", 15)
    details = json.loads(site.http.request("GET", f"{site.url}/readyz").data)
    assert "No space left on device" in details["write_error"] or reason in details["write_error"]
    reply = site.http.request("POST", f"{site.url}/", body=os.urandom(100_000).hex().encode())
    assert reply.status == 503
    assert b"disk is full" in reply.data
    log = site.log_tail()
    assert "cannot serve POST /: " in log
    assert reason in log
    assert "Traceback" not in log
    ballast.unlink()
    wait_until(lambda: status() == 200, "ready again", 15)
    site.wait_until_mirrored(site.paste("after"))
