"""Maps old commit ids to the ids that replace them after a history rewrite.

The map is an unnamed SQLite database. SQLite keeps two megabytes of it in memory and the rest in an unnamed temporary
file that no other process can open, so memory use does not grow with the length of the history.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gitsync.errors import DiskFullError

_TABLE = "CREATE TABLE replaced (old TEXT PRIMARY KEY, new TEXT, change TEXT) WITHOUT ROWID"


class CommitMap:
    """Old commit ids, each with its replacement (empty for a dropped commit) and the change recorded in the commit.

    Every method raises DiskFullError if there is no space left for the temporary file.
    """

    def __init__(self) -> None:
        with _disk_errors():
            self._database = sqlite3.connect("")
            self._database.execute("PRAGMA journal_mode=OFF")
            self._database.execute(_TABLE)

    def add(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Add commits, given as (old id, new id, change) tuples."""
        with _disk_errors():
            self._database.executemany("INSERT INTO replaced VALUES (?, ?, ?)", rows)

    def replacement(self, oid: str) -> str:
        """Return the replacement for `oid`: `oid` itself if it was not rewritten, or "" if it was dropped."""
        with _disk_errors():
            row = self._database.execute("SELECT new FROM replaced WHERE old = ?", [oid]).fetchone()
        return str(row[0]) if row else oid

    def changes(self) -> Iterator[tuple[str, str, str]]:
        """Yield (change, old id, new id) for every commit that records a change."""
        with _disk_errors():
            yield from self._database.execute("SELECT change, old, new FROM replaced WHERE change != ''")

    def has_unnamed(self) -> bool:
        """Return whether any rewritten commits record no change. After a squash, rows may refer to these as well."""
        with _disk_errors():
            query = "SELECT 1 FROM replaced WHERE change = '' AND old != new LIMIT 1"
            return self._database.execute(query).fetchone() is not None


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DiskFullError(f"the commit ids of a rewritten history cannot be stored: {error}") from error
