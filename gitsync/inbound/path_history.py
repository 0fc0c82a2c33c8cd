"""A branch's history sorted by what its commits touch. It is kept in a file, because it need not fit into memory."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gitsync.errors import DiskFullError
from gitsync.repository.history import CommitInfo

_TABLE = "CREATE TABLE touch (name, place INTEGER, commit_id, author, written_at INTEGER, change, kind, oid)"
_OF = "SELECT commit_id, author, written_at, change, kind, oid FROM touch WHERE name = ? ORDER BY place"


@dataclass(frozen=True)
class Touch:
    """One commit that touched a thing: who made it, and the id of what was there afterwards, empty for nothing."""

    commit: str
    author: str
    written_at: datetime
    change: str
    kind: str
    oid: str


class Touches:
    """All that happened, by the name of the thing."""

    def __init__(self, file: sqlite3.Connection, tip: CommitInfo) -> None:
        self._file = file
        self._tip = tip

    def of(self, name: str) -> list[Touch]:
        """Return what happened to a thing, the oldest first; where no commit tells of it, that the tip has it so.

        A merge that goes back to what one of its histories had tells of nothing.
        """
        with _room():
            rows = self._file.execute(_OF, [_storable(name)]).fetchall()
        found = [Touch(row[0], row[1], datetime.fromtimestamp(row[2], UTC), *row[3:]) for row in rows]
        return found or [Touch(self._tip.commit, _storable(self._tip.author), self._tip.written_at, "", "", "")]


@contextmanager
def sort(told: Iterable[tuple[CommitInfo, str, str]], tip: CommitInfo) -> Iterator[Touches]:
    """Take (commit, name, id), the newest first, and let what happened to each name be asked for in the block.

    `tip` is the newest commit of the history. Raises DiskFullError, also when it is asked.
    """
    with tempfile.TemporaryDirectory(prefix="pasteur-") as folder:
        file = sqlite3.connect(Path(folder) / "touches")
        try:
            with _room():
                file.execute("PRAGMA synchronous=OFF")
                file.execute("PRAGMA journal_mode=OFF")
                file.execute(_TABLE)
                file.executemany("INSERT INTO touch VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(told))
                file.execute("CREATE INDEX touch_of ON touch (name, place)")
            yield Touches(file, tip)
        finally:
            file.close()


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DiskFullError(f"the history cannot be sorted in {tempfile.gettempdir()}: {error}") from error


def _rows(told: Iterable[tuple[CommitInfo, str, str]]) -> Iterator[tuple[str, int, str, str, int, str, str, str]]:
    for place, (commit, name, oid) in enumerate(told):
        at = int(commit.written_at.timestamp())
        words = (_storable(word) for word in (commit.commit, commit.author, commit.change, commit.kind))
        identity, author, change, kind = words
        yield _storable(name), -place, identity, author, at, change, kind, oid


def _storable(text: str) -> str:
    """Return a text in which nothing is left that is not UTF-8."""
    return text.encode(errors="replace").decode()
