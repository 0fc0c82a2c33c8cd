"""Indexes a branch's history by path, in an SQLite file because a long history does not fit into memory."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gitsync.errors import DiskFullError
from gitsync.repository.history import CommitInfo

_TABLE = "CREATE TABLE touch (name, position INTEGER, commit_id, author, written_at INTEGER, change, kind, oid)"
_SELECT = "SELECT commit_id, author, written_at, change, kind, oid FROM touch WHERE name = ? ORDER BY position"
#: Because of MAX(), the other columns are taken from the last touch (https://www.sqlite.org/lang_select.html#bareagg).
_PRUNED = """SELECT name FROM (SELECT name, MAX(position), kind, oid FROM touch GROUP BY name)
WHERE kind = 'prune' AND oid = ''"""


@dataclass(frozen=True)
class Touch:
    """A commit that changed a path, with the resulting object; `oid` is empty after a deletion."""

    commit: str
    author: str
    written_at: datetime
    change: str
    kind: str
    oid: str


class PathHistory:
    """The commits on a branch, keyed by the name of the key or path that they touch."""

    def __init__(self, database: sqlite3.Connection, tip: CommitInfo) -> None:
        self._database = database
        self._tip = tip

    def of(self, name: str) -> list[Touch]:
        """Return the touches of a name, oldest first. Raises DiskFullError.

        There is always at least one: a merge does not list a path that it takes unchanged from a parent, so a name
        without commits of its own is attributed to the tip.
        """
        with _disk_errors():
            rows = self._database.execute(_SELECT, [_valid_utf8(name)]).fetchall()
        touches = [Touch(row[0], row[1], datetime.fromtimestamp(row[2], UTC), *row[3:]) for row in rows]
        return touches or [Touch(self._tip.commit, _valid_utf8(self._tip.author), self._tip.written_at, "", "", "")]

    def pruned(self) -> Iterator[str]:
        """Yield the names whose last touch is a removal by `resync_git --prune`. Raises DiskFullError."""
        with _disk_errors():
            yield from (name for (name,) in self._database.execute(_PRUNED))


@contextmanager
def index_by_path(commits: Iterable[tuple[CommitInfo, str, str]], tip: CommitInfo) -> Iterator[PathHistory]:
    """Index (commit, name, id) tuples by name for the duration of the block. Raises DiskFullError.

    The tuples must be ordered newest first. `tip` is the newest commit in the history.
    """
    with tempfile.TemporaryDirectory(prefix="pasteur-") as folder:
        database = sqlite3.connect(Path(folder) / "touches")
        try:
            with _disk_errors():
                database.execute("PRAGMA synchronous=OFF")
                database.execute("PRAGMA journal_mode=OFF")
                database.execute(_TABLE)
                database.executemany("INSERT INTO touch VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(commits))
                database.execute("CREATE INDEX touch_name ON touch (name, position)")
            yield PathHistory(database, tip)
        finally:
            database.close()


def _rows(commits: Iterable[tuple[CommitInfo, str, str]]) -> Iterator[tuple[str, int, str, str, int, str, str, str]]:
    for age, (commit, name, oid) in enumerate(commits):
        texts = (commit.commit, commit.author, commit.change, commit.kind)
        commit_id, author, change, kind = (_valid_utf8(text) for text in texts)
        yield _valid_utf8(name), -age, commit_id, author, int(commit.written_at.timestamp()), change, kind, oid


def _valid_utf8(text: str) -> str:
    """Return text with a question mark in place of each byte that is not valid UTF-8, which SQLite would reject."""
    return text.encode(errors="replace").decode()


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DiskFullError(f"the history cannot be indexed in {tempfile.gettempdir()}: {error}") from error
