"""Reads what a branch tells, newest commit first, and the objects it is made of. Nothing of it is trusted."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import IO, cast

from gitsync import watchdog
from gitsync.errors import CloneBrokenError
from gitsync.format import tree
from gitsync.format.fast_import import CHANGE_TRAILER, PURGED_TRAILER
from gitsync.repository.process import split_at_nul
from gitsync.repository.repository import Repository

_CHUNK = 1024 * 1024
_TREE_BYTES = 1024 * _CHUNK
#: A paste's folder and metadata are looked at several times in a row, and a process is slow to answer.
_REMEMBERED, _REMEMBERED_BYTES, _SMALL_BYTES = 2_000, 8 * _CHUNK, 64 * 1024
#: So many objects are asked for at once: their ids fit into a pipe, so that Git and we never wait for each other.
_ASKED_AT_ONCE = 500
_HEADER = (
    "--format=%x00%H%x00%an%x00%at"
    f"%x00%(trailers:key={CHANGE_TRAILER},valueonly,separator=%x20)"
    "%x00%(trailers:key=Pasteur-Kind,valueonly,separator=%x20)%x00"
)
_FIELDS = 5
#: Modes and names in a tree are of any length, ids of twenty bytes.
_ROW = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_FOLDER = b"40000"
_LAST_SECOND = 253_402_300_799  # The last one of the year 9999.
TREE, REGULAR = "040000", {"100644", "100755"}


@dataclass(frozen=True)
class CommitInfo:
    """What a commit says about itself; `change` and `kind` are its trailers, which anybody can write."""

    commit: str
    author: str
    written_at: datetime
    change: str
    kind: str


@dataclass(frozen=True)
class TreeRow:
    """A row of a tree: name, id, and whether it is a plain file (not a folder, a link or a submodule)."""

    name: str
    oid: str
    is_file: bool


class Objects:
    """The objects of a repository, asked for one after the other; the small ones among the last are remembered."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._recent: dict[str, tuple[str, bytes]] = {}
        self._recent_bytes = 0

    def expect(self, oids: Iterable[str]) -> None:
        """Ask for many objects at once that will be asked for one by one: that is one wait for Git instead of many."""
        wanted = [oid for oid in dict.fromkeys(oids) if oid not in self._recent]
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = wanted[start : start + _ASKED_AT_ONCE]
            self._ask(*some)
            for oid in some:
                self._answer(oid, _SMALL_BYTES)

    def blob(self, oid: str, most: int) -> bytes | None:
        """Return the content of a blob, or None when it is no blob, missing, or longer than `most` bytes."""
        return self._read(oid, "blob", most)

    def tree(self, oid: str, most: int = _CHUNK) -> list[TreeRow] | None:
        """Return the rows of a tree, or None when it is no tree, missing, or longer than `most` bytes."""
        body = self._read(oid, "tree", most)
        if body is None:
            return None
        return [
            TreeRow(name.decode(errors="surrogateescape"), oid.hex(), mode.decode() in REGULAR)
            for mode, name, oid in _ROW.findall(body)
        ]

    def folders(self, oid: str) -> list[tuple[str, str]]:
        """Return (name, id) for every folder in a tree, which has to be there. Raises CloneBrokenError."""
        body = self._read(oid, "tree", _TREE_BYTES)
        if body is None:
            raise CloneBrokenError(f"the tree {oid} is missing")
        found = _ROW.findall(body)
        return [(name.decode(errors="surrogateescape"), oid.hex()) for mode, name, oid in found if mode == _FOLDER]

    def _read(self, oid: str, kind: str, most: int) -> bytes | None:
        watchdog.beat()
        found, content = self._recent.get(oid) or self._asked(oid, most)
        return content if found == kind and content is not None and len(content) <= most else None

    def _asked(self, oid: str, most: int) -> tuple[str, bytes | None]:
        self._ask(oid)
        return self._answer(oid, most)

    def _ask(self, *oids: str) -> None:
        self._stdin.write("".join(f"{oid}\n" for oid in oids).encode())
        self._stdin.flush()

    def _answer(self, oid: str, most: int) -> tuple[str, bytes | None]:
        """Return the next answer: the object's kind and content, if it is there and not longer than `most` bytes."""
        words = self._stdout.readline().decode(errors="replace").split()
        if not words:
            raise CloneBrokenError("git cat-file ended before it was asked everything")
        if len(words) != 3:
            return "", None
        size = int(words[2])
        content = b"" if size > most else self._stdout.read(size)
        rest = size - len(content) + 1
        while rest > 0:
            rest -= len(self._stdout.read(min(rest, _CHUNK))) or rest
        if size > most:
            return words[1], None
        if size <= _SMALL_BYTES:
            self._recent[oid] = (words[1], content)
            self._recent_bytes += size
            while len(self._recent) > _REMEMBERED or self._recent_bytes > _REMEMBERED_BYTES:
                self._recent_bytes -= len(self._recent.pop(next(iter(self._recent)))[1])
        return words[1], content


@contextmanager
def objects(clone: Repository) -> Iterator[Objects]:
    """Open the objects of a clone."""
    with clone.reading("cat-file", "--batch") as process:
        yield Objects(cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout))


def paths(clone: Repository, revisions: str, *below: str) -> Iterator[tuple[CommitInfo, str, str, str, str]]:
    """Yield (commit, path, mode, old id, id) for all that the commits of a range change, the newest commit first.

    Folders are paths too. An id is empty where there is nothing. A merge tells of what is as in none of the histories
    that it joins, with the old id of the first of them, and repeats nothing else.
    """
    options = ("--raw", "-c", "-t", "-z", "--root", "--no-renames", "--no-abbrev", "--no-show-signature", _HEADER)
    with clone.reading("log", *options, revisions, "--", *below) as process:
        tokens = _tokens(cast("IO[bytes]", process.stdout))
        told = None
        for token in tokens:
            word = token.lstrip("\n")
            if word.startswith(":") and told:
                mode, old, new = _facts(word)
                yield told, next(tokens), mode, old, new
            elif word:
                told = _told([word, *(next(tokens) for _ in range(_FIELDS - 1))])
        if process.wait():
            raise CloneBrokenError("git log could not read the history")


def chunks(clone: Repository, tip: str, every: int, *excluded: str) -> list[str]:
    """Split the first-parent history into chunks of `every` commits; return each one's newest commit, oldest first.

    A chunk is what its newest commit reaches and the chunks before it and `excluded` do not, merged branches included.
    """
    with clone.reading("rev-list", "--first-parent", tip, *(f"^{commit}" for commit in excluded)) as process:
        found = list(islice(cast("IO[bytes]", process.stdout), 0, None, every))
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")
    return [line.decode().strip() for line in reversed(found)]


def changes(clone: Repository, revisions: str) -> Iterator[tuple[str, str]]:
    """Yield (name, commit) for every change that a range of history tells of, the newest commit first."""
    pattern = f"--format=%H %(trailers:key={CHANGE_TRAILER},valueonly,separator=%x20)"
    with clone.reading("log", "--no-show-signature", pattern, revisions, "--") as process:
        for line in cast("IO[bytes]", process.stdout):
            watchdog.beat()
            commit, _, name = line.decode(errors="replace").rstrip("\n").partition(" ")
            if name.strip():
                yield name.strip(), commit
        if process.wait():
            raise CloneBrokenError("git log could not read the history")


def purged(clone: Repository, revisions: str) -> set[str]:
    """Return the `purge_digest` of every purge that a range of history announces; the trailers can be forged."""
    pattern = f"--format=%(trailers:key={PURGED_TRAILER},valueonly,separator=%x20)"
    found = set[str]()
    with clone.reading(
        "log", "--no-show-signature", f"--grep=^{PURGED_TRAILER}: ", pattern, revisions, "--"
    ) as process:
        for line in cast("IO[bytes]", process.stdout):
            watchdog.beat()
            found.update(line.decode(errors="replace").split())
        if process.wait():
            raise CloneBrokenError("git log could not read the history")
    return found


def differences(clone: Repository, old: str, new: str) -> Iterator[tuple[str, str, str]]:
    """Yield (path, mode, id) for all that is not the same in two commits, folders too; an id is empty for nothing."""
    with clone.reading("diff-tree", "-r", "-t", "--raw", "-z", "--no-renames", old, new) as process:
        tokens = _tokens(cast("IO[bytes]", process.stdout))
        for facts in tokens:
            _, mode, _, oid, _ = facts.lstrip(":").split(" ")
            yield next(tokens), mode, oid.strip("0") and oid
        if process.wait():
            raise CloneBrokenError("git could not compare two commits")


def folders(clone: Repository, revisions: str) -> Iterator[tuple[CommitInfo, str, str]]:
    """Yield (commit, key, id of the folder's tree or nothing) for each paste that the commits of a range touch."""
    for told, path, mode, _, oid in paths(clone, revisions):
        if path.count("/") == 3 and (key := tree.key_of(f"{path}/")):
            yield told, key, oid if mode == TREE else ""


def commit(clone: Repository, oid: str) -> CommitInfo:
    """Return what one commit says about itself."""
    answer = clone.ask("log", "-1", "--no-show-signature", _HEADER, oid, "--").decode(errors="surrogateescape")
    return _told(answer.split("\0")[1 : 1 + _FIELDS])


def _facts(row: str) -> tuple[str, str, str]:
    """Return (mode, old id, id) of a raw row, in which a merge has a mode and an id for each of its parents."""
    fields = row.lstrip(":")
    parents = len(row) - len(fields)
    words = fields.split(" ")
    mode, old, new = words[parents], words[parents + 1], words[2 * parents + 1]
    return mode, old.strip("0") and old, new.strip("0") and new


def _told(fields: list[str]) -> CommitInfo:
    commit, author, seconds, change, kind = (field.strip() for field in fields)
    written_at = datetime.fromtimestamp(min(max(int(seconds or 0), 0), _LAST_SECOND), UTC)
    return CommitInfo(commit, author, written_at, change.rpartition(" ")[2], kind.rpartition(" ")[2])


def _tokens(stdout: IO[bytes]) -> Iterator[str]:
    return (field.decode(errors="surrogateescape") for field in split_at_nul(stdout))
