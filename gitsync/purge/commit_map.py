"""Which commits stand for those of a rewritten history. They are kept in a file, because they need not fit into memory.

It is a database without a name, which SQLite keeps in its cache and, beyond two megabytes, in a file that nobody else
can open; the file goes with it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gitsync.errors import DiskFullError

_TABLE = "CREATE TABLE renamed (old TEXT PRIMARY KEY, new TEXT, change TEXT) WITHOUT ROWID"


class Renamed:
    """Old ids, each with the new id, or nothing where nothing stands for it, and the change that its commit names.

    Every method raises DiskFullError when there is no room for the file.
    """

    def __init__(self) -> None:
        with _room():
            self._file = sqlite3.connect("")
            self._file.execute("PRAGMA journal_mode=OFF")
            self._file.execute(_TABLE)

    def add(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Keep (old id, new id, change) of some more commits."""
        with _room():
            self._file.executemany("INSERT INTO renamed VALUES (?, ?, ?)", rows)

    def now(self, oid: str) -> str:
        """Return what stands for a commit, which is itself when it was not rewritten."""
        with _room():
            found = self._file.execute("SELECT new FROM renamed WHERE old = ?", [oid]).fetchone()
        return str(found[0]) if found else oid

    def changes(self) -> Iterator[tuple[str, str, str]]:
        """Yield (change, old id, new id) for every commit that names a change."""
        with _room():
            yield from self._file.execute("SELECT change, old, new FROM renamed WHERE change != ''")

    def has_others(self) -> bool:
        """Whether commits that name no change have been rewritten, too; a change may have arrived with one of them."""
        with _room():
            question = "SELECT 1 FROM renamed WHERE change = '' AND old != new LIMIT 1"
            return self._file.execute(question).fetchone() is not None


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DiskFullError(f"the ids of a rewritten history cannot be kept: {error}") from error
