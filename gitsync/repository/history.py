"""Reads commits, newest first, and objects of a repository. None of it is trusted: others may have pushed it."""

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
#: Small objects are cached, because a paste's folder and metadata are read several times in a row.
_CACHED_OBJECTS, _CACHED_BYTES, _SMALL_BYTES = 2_000, 8 * _CHUNK, 64 * 1024
#: Objects per request. Their ids must fit into a pipe, so that Git and this process never wait for each other.
_REQUEST_OBJECTS = 500
_HEADER = (
    "--format=%x00%H%x00%an%x00%at"
    f"%x00%(trailers:key={CHANGE_TRAILER},valueonly,separator=%x20)"
    "%x00%(trailers:key=Pasteur-Kind,valueonly,separator=%x20)%x00"
)
_FIELDS = 5
_ROW = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_FOLDER = b"40000"
_MAX_TIMESTAMP = 253_402_300_799  # The last second of the year 9999.
TREE, REGULAR = "040000", {"100644", "100755"}


@dataclass(frozen=True)
class CommitInfo:
    """The header of a commit, and its trailers `change` and `kind`, which may be forged."""

    commit: str
    author: str
    written_at: datetime
    change: str
    kind: str


@dataclass(frozen=True)
class TreeRow:
    """A row of a tree: name, id, and whether it is a regular file (not a folder, symbolic link or submodule)."""

    name: str
    oid: str
    is_file: bool


class Objects:
    """Reads objects of a repository one at a time; small ones are cached for a while."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._recent: dict[str, tuple[str, bytes]] = {}
        self._recent_bytes = 0

    def prefetch(self, oids: Iterable[str]) -> None:
        """Load many objects into the cache with few requests, before they are read individually."""
        missing = [oid for oid in dict.fromkeys(oids) if oid not in self._recent]
        for start in range(0, len(missing), _REQUEST_OBJECTS):
            batch = missing[start : start + _REQUEST_OBJECTS]
            self._request(*batch)
            for oid in batch:
                self._receive(oid, _SMALL_BYTES)

    def blob(self, oid: str, max_bytes: int) -> bytes | None:
        """Return the content of a blob, or None if it is not a blob, missing, or longer than `max_bytes`."""
        return self._read(oid, "blob", max_bytes)

    def tree(self, oid: str, max_bytes: int = _CHUNK) -> list[TreeRow] | None:
        """Return the rows of a tree, or None if it is not a tree, missing, or longer than `max_bytes`."""
        body = self._read(oid, "tree", max_bytes)
        if body is None:
            return None
        return [
            TreeRow(name.decode(errors="surrogateescape"), oid.hex(), mode.decode() in REGULAR)
            for mode, name, oid in _ROW.findall(body)
        ]

    def folders(self, oid: str) -> list[tuple[str, str]]:
        """Return (name, id) for every folder in a tree. Raise CloneBrokenError if the tree is missing."""
        body = self._read(oid, "tree", _TREE_BYTES)
        if body is None:
            raise CloneBrokenError(f"the tree {oid} is missing")
        rows = _ROW.findall(body)
        return [(name.decode(errors="surrogateescape"), oid.hex()) for mode, name, oid in rows if mode == _FOLDER]

    def _read(self, oid: str, expected_kind: str, max_bytes: int) -> bytes | None:
        watchdog.beat()
        if oid in self._recent:
            kind, content = self._recent[oid]
            return content if kind == expected_kind and len(content) <= max_bytes else None
        self._request(oid)
        kind, received = self._receive(oid, max_bytes)
        return received if kind == expected_kind else None

    def _request(self, *oids: str) -> None:
        self._stdin.write("".join(f"{oid}\n" for oid in oids).encode())
        self._stdin.flush()

    def _receive(self, oid: str, max_bytes: int) -> tuple[str, bytes | None]:
        """Return the kind and content of the next object; the content is None if missing or longer than `max_bytes`."""
        header = self._stdout.readline().decode(errors="replace")
        fields = header.split()
        if not header.endswith("\n") or not fields:
            raise CloneBrokenError("git cat-file ended too early")
        if len(fields) != 3:
            return "", None
        kind, size = fields[1], int(fields[2])
        content = b"" if size > max_bytes else self._stdout.read(size)
        unread = size - len(content) + 1
        while unread > 0:
            skipped = len(self._stdout.read(min(unread, _CHUNK)))
            if not skipped:
                raise CloneBrokenError("git cat-file ended too early")
            unread -= skipped
        if size > max_bytes:
            return kind, None
        if size <= _SMALL_BYTES:
            self._recent[oid] = (kind, content)
            self._recent_bytes += size
            while len(self._recent) > _CACHED_OBJECTS or self._recent_bytes > _CACHED_BYTES:
                self._recent_bytes -= len(self._recent.pop(next(iter(self._recent)))[1])
        return kind, content


@contextmanager
def objects(clone: Repository) -> Iterator[Objects]:
    """Open the objects of a repository for the duration of the block."""
    with clone.reading("cat-file", "--batch") as process:
        yield Objects(cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout))


def paths(clone: Repository, revisions: str, *below: str) -> Iterator[tuple[CommitInfo, str, str, str, str]]:
    """Yield (commit, path, mode, old id, new id) for all changes in a range of history, newest commit first.

    Paths include folders. An id is empty if there is no object. For a merge, only paths that differ from all parents
    are listed, with the old id from the first parent.
    """
    options = ("--raw", "-c", "-t", "-z", "--root", "--no-renames", "--no-abbrev", "--no-show-signature", _HEADER)
    with clone.reading("log", *options, revisions, "--", *below) as process:
        tokens = _tokens(cast("IO[bytes]", process.stdout))
        info = None
        for token in tokens:
            field = token.lstrip("\n")
            if field.startswith(":") and info:
                mode, old, new = _raw_row(field)
                yield info, _next(tokens), mode, old, new
            elif field:
                info = _commit_info([field, *(_next(tokens) for _ in range(_FIELDS - 1))])
        if process.wait():
            raise CloneBrokenError("git log could not read the history")


def chunks(clone: Repository, tip: str, every: int, *excluded: str) -> list[str]:
    """Split the first-parent history into chunks of `every` commits; return each one's newest commit, oldest first.

    A chunk consists of everything reachable from its newest commit, including merged branches, but not from earlier
    chunks or `excluded`.
    """
    with clone.reading("rev-list", "--first-parent", tip, *(f"^{commit}" for commit in excluded)) as process:
        ends = list(islice(cast("IO[bytes]", process.stdout), 0, None, every))
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")
    return [line.decode().strip() for line in reversed(ends)]


def changes(clone: Repository, revisions: str) -> Iterator[tuple[str, str]]:
    """Yield (name of the change, commit) for every commit with a change trailer, newest first."""
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
    """Return the `purge_digest` of every purge announced in a range of history; the trailers can be forged."""
    pattern = f"--format=%(trailers:key={PURGED_TRAILER},valueonly,separator=%x20)"
    digests = set[str]()
    with clone.reading(
        "log", "--no-show-signature", f"--grep=^{PURGED_TRAILER}: ", pattern, revisions, "--"
    ) as process:
        for line in cast("IO[bytes]", process.stdout):
            watchdog.beat()
            digests.update(line.decode(errors="replace").split())
        if process.wait():
            raise CloneBrokenError("git log could not read the history")
    return digests


def differences(clone: Repository, old: str, new: str) -> Iterator[tuple[str, str, str]]:
    """Yield (path, mode, id) for every file and folder that differs between two commits; the id is empty if deleted."""
    with clone.reading("diff-tree", "-r", "-t", "--raw", "-z", "--no-renames", old, new) as process:
        tokens = _tokens(cast("IO[bytes]", process.stdout))
        for row in tokens:
            _, mode, _, oid, _ = row.lstrip(":").split(" ")
            yield _next(tokens), mode, oid.strip("0") and oid
        if process.wait():
            raise CloneBrokenError("git could not compare two commits")


def folders(clone: Repository, revisions: str) -> Iterator[tuple[CommitInfo, str, str]]:
    """Yield (commit, key, tree id of the folder, or "" if deleted) for each paste changed in a range of commits."""
    for info, path, mode, _, oid in paths(clone, revisions):
        if path.count("/") == 3 and (key := tree.key_of(f"{path}/")):
            yield info, key, oid if mode == TREE else ""


def commit(clone: Repository, oid: str) -> CommitInfo:
    """Return the header and trailers of one commit."""
    answer = clone.ask("log", "-1", "--no-show-signature", _HEADER, oid, "--").decode(errors="surrogateescape")
    return _commit_info(answer.split("\0")[1 : 1 + _FIELDS])


def _raw_row(row: str) -> tuple[str, str, str]:
    """Return (mode, old id, new id) from a `--raw` row; for a merge, the row has a mode and an id for each parent."""
    parents = len(row) - len(row.lstrip(":"))
    fields = row[parents:].split(" ")
    mode, old, new = fields[parents], fields[parents + 1], fields[2 * parents + 1]
    return mode, old.strip("0") and old, new.strip("0") and new


def _commit_info(fields: list[str]) -> CommitInfo:
    commit, author, seconds, change, kind = (field.strip() for field in fields)
    written_at = datetime.fromtimestamp(min(max(int(seconds or 0), 0), _MAX_TIMESTAMP), UTC)
    return CommitInfo(commit, author, written_at, change.rpartition(" ")[2], kind.rpartition(" ")[2])


def _tokens(stdout: IO[bytes]) -> Iterator[str]:
    return (field.decode(errors="surrogateescape") for field in split_at_nul(stdout))


def _next(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise CloneBrokenError("git ended in the middle of a row")
    return token
