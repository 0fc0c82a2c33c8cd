"""Joins small packs of a repository into larger ones, at a cost that grows with what is joined and nothing else.

`git repack` walks from the newest commit through the trees of all pastes, whatever it joins: at a million pastes a
gigabyte of memory and half a minute for three packs of one commit. So Git is told here which objects to pack, and at
which paths they lie, so that it finds what they are similar to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from gitsync import watchdog
from gitsync.repository.process import feed

if TYPE_CHECKING:
    from gitsync.repository.repository import Repository

#: A drain makes one pack, even of one object: a loose one costs a wait for the disk, and is not handed over to the
#: default remote. So many packs are then made into few.
PACKS = 50
#: So many objects go into one pack, which is then left alone: their names and paths are in memory while it is made.
JOINED_OBJECTS = 200_000
#: A pack with a quarter of that is as good: the largest drain makes such packs, one after the other in a resync.
_SMALL = 4
#: The parts of a pack, in the order in which they have to appear: Git takes a pack for whole when it sees its index.
PARTS = (".pack", ".rev", ".idx")
#: An index of version 2: 8 bytes and 256 counts of four; then the ids, a checksum and an offset for each.
#: https://git-scm.com/docs/pack-format#_version_2_pack_idx_files_support_packs_larger_than_4_gib_and
_COUNTS, _ID_BYTES, _BYTES_AN_OBJECT, _BYTES_AT_LEAST = 8 + 256 * 4, 20, 28, 8 + 256 * 4 + 40


_OPTIONS = ("--quiet", "--delta-base-offset", "--non-empty")
_HINTS = ("--stdin", "-r", "-t", "-z", "--root", "--raw", "--no-abbrev", "--no-commit-id", "--no-renames")


def tidy(repository: Repository) -> None:
    """Join the smallest packs when there are many small ones. Raises CloneBrokenError or DiskFullError.

    A pack is joined with smaller ones that have half as many objects as itself, so that each object is seldom moved.
    """
    small = sorted((size, pack) for pack, size in sizes(repository.path) if size < JOINED_OBJECTS // _SMALL)
    if len(small) <= PACKS:
        return
    total, chosen = 0, 0
    for number, (size, _) in enumerate(small):
        if total + size > JOINED_OBJECTS:
            break
        if number and size <= 2 * total:
            chosen = number + 1
        total += size
    if chosen:
        join(repository, [pack for _, pack in small[:chosen]])


def join(repository: Repository, packs: Sequence[Path]) -> None:
    """Make one pack of several, and delete those; what is in two of them is then there once."""
    oids = sorted({oid for pack in packs for oid in _ids(pack)})
    paths = _paths(repository, oids)
    told = b"".join(b"%s %s\n" % (oid, paths.get(oid, b"")) for oid in oids)
    del paths, oids
    made = repository.ask("pack-objects", *_OPTIONS, str(repository.path / "objects" / "pack" / "pack"), stdin=told)
    for pack in packs:
        if pack.stem != f"pack-{made.decode().strip()}":
            delete(pack)


def delete(pack: Path) -> None:
    """Delete a pack, its index first."""
    for part in (*reversed(PARTS), ".promisor"):
        pack.with_suffix(part).unlink(missing_ok=True)


def sizes(repository: Path) -> Iterator[tuple[Path, int]]:
    """Yield every pack that may be joined, and about how many objects it has."""
    for index in (repository / "objects" / "pack").glob("pack-*.idx"):
        if not any(index.with_suffix(part).exists() for part in (".keep", ".mtimes")):
            yield index.with_suffix(".pack"), (index.stat().st_size - _BYTES_AT_LEAST) // _BYTES_AN_OBJECT


def _ids(pack: Path) -> Iterator[bytes]:
    """Yield the id of every object in a pack."""
    with pack.with_suffix(".idx").open("rb") as index:
        counts = index.read(_COUNTS)
        for _ in range(int.from_bytes(counts[-4:], "big")):
            yield index.read(_ID_BYTES).hex().encode()


def _paths(repository: Repository, oids: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return where trees and texts lay in the commit that brought them, as far as commits among these tell."""
    listed = b"".join(b"%s\n" % oid for oid in oids)
    kinds = repository.ask("cat-file", "--batch-check=%(objecttype)", stdin=listed).split()
    commits = b"".join(b"%s\n" % oid for oid, kind in zip(oids, kinds, strict=True) if kind == b"commit")
    found, wanted = dict[bytes, bytes](), set(oids)
    with repository.reading("diff-tree", *_HINTS) as process:
        feed(process, commits)
        tokens = _tokens(cast("IO[bytes]", process.stdout))
        for facts in tokens:
            path, fields = next(tokens, b""), facts.split(b" ")
            if len(fields) == 5 and fields[3] in wanted:
                found[fields[3]] = path.replace(b"\n", b"")
    return found


def _tokens(stdout: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands between NULs."""
    rest = b""
    while chunk := stdout.read(64 * 1024):
        watchdog.beat()
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
