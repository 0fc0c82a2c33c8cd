"""Merges small packs at a cost that depends only on them; see docs/adr/0024. Use gitsync.repository.housekeeping.

`git repack --geometric` always walks the trees of all pastes, starting from the newest commit: with a million pastes,
it needs a gigabyte of memory and half a minute to merge three packs with one commit each. Here, Git is given the ids of
the objects to pack, each with its path, which helps it find similar objects.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

from gitsync.repository import pack_index
from gitsync.repository.pack_index import PackIndex
from gitsync.repository.process import feed, split_at_nul
from gitsync.repository.repository import Repository

_PACK_OPTIONS = ("--quiet", "--delta-base-offset", "--non-empty")
_DIFF_TREE = (
    "diff-tree",
    "--stdin",
    "-r",
    "-t",
    "-z",
    "--root",
    "--raw",
    "--no-abbrev",
    "--no-commit-id",
    "--no-renames",
)


def join(repository: Repository, packs: Sequence[Path]) -> None:
    """Replace several packs with one that contains each object once. Raises CloneBrokenError or DiskFullError."""
    oids = set[str]()
    for pack in packs:
        with PackIndex.open(pack) as index:
            oids.update(index.ids())
    paths = _paths(repository, sorted(oids))
    listing = b"".join(b"%s %s\n" % (oid.encode(), paths.get(oid, b"")) for oid in sorted(oids))
    target = str(repository.path / "objects" / "pack" / "pack")
    joined = repository.ask("pack-objects", *_PACK_OPTIONS, target, stdin=listing).decode().strip()
    for pack in packs:
        if pack.stem != f"pack-{joined}":
            pack_index.delete(pack)


def _paths(repository: Repository, oids: Sequence[str]) -> dict[str, bytes]:
    """Return the paths of trees and blobs in the commits that added them, for those commits that are in `oids`."""
    kinds = repository.ask("cat-file", "--batch-check=%(objecttype)", stdin=_lines(oids)).split()
    commits = [oid for oid, kind in zip(oids, kinds, strict=True) if kind == b"commit"]
    paths, missing = dict[str, bytes](), set(oids)
    with repository.reading(*_DIFF_TREE) as process:
        feed(process, _lines(commits))
        tokens = split_at_nul(cast("IO[bytes]", process.stdout))
        for row in tokens:
            path, fields = next(tokens, b""), row.decode().split(" ")
            if len(fields) == 5 and fields[3] in missing:
                paths[fields[3]] = path.replace(b"\n", b"")
    return paths


def _lines(oids: Sequence[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in oids).encode()
