"""Deletes unreachable objects from a large repository; see docs/adr/0040. Use gitsync.repository.housekeeping.

`git repack` and `git prune` need 270 bytes of memory per object, and a paste with one file has eight objects. Here, the
ids of reachable objects take eight bytes each, and only packs that contain unreachable objects are rewritten.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, cast

from gitsync import watchdog
from gitsync.errors import CloneBrokenError
from gitsync.repository import pack_index
from gitsync.repository.object_ids import ObjectIds
from gitsync.repository.pack_index import PackIndex
from gitsync.repository.repository import Repository

#: Lists commits and their trees, and everything that a commit adds relative to any of its parents, including subtrees.
_LOG = (
    "log",
    "--all",
    "--no-show-signature",
    "-r",
    "-t",
    "-m",
    "--root",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--format=%H %T",
)
#: The mode of a submodule, whose id is a commit in another repository.
_SUBMODULE = b"160000"
#: Copy objects from one pack to another as they are, without searching for deltas again.
_PACK_OPTIONS = ("--quiet", "--delta-base-offset", "--non-empty", "--window=0")
_UNUSUAL = ("shallow", "objects/pack/multi-pack-index", "objects/pack/*.keep", "objects/pack/*.mtimes")
_ID_DIGITS = 40


def is_usual(repository: Repository) -> bool:
    """Return whether the repository has only branches, its complete history, and ordinary packs."""
    if any(True for pattern in _UNUSUAL for _ in repository.path.glob(pattern)):
        return False
    refs = repository.ask("for-each-ref", "--format=%(refname)").decode().split()
    return all(ref.startswith(("refs/heads/", "refs/pasteur/")) for ref in refs)


def delete_unreachable(repository: Repository, pack_objects: int) -> None:
    """Delete every object that is not reachable from a branch; new packs have at most `pack_objects` objects.

    `is_usual` must be true for the repository. If a reachable commit or tree is missing, delete nothing and raise
    CloneBrokenError.
    """
    reachable = ObjectIds(_reachable(repository))
    for oid, file in _loose_objects(repository.path).items():
        if oid not in reachable:
            file.unlink()
    for pack in pack_index.packs(repository.path):
        with PackIndex.open(pack) as index:
            if all(oid in reachable for oid in index.ids()):
                continue
            rewritten = set()
            oids = (oid for oid in index.ids_in_pack_order() if oid in reachable)
            while chunk := "".join(f"{oid}\n" for oid in islice(oids, pack_objects)):
                target = str(repository.path / "objects" / "pack" / "pack")
                rewritten.add(repository.ask("pack-objects", *_PACK_OPTIONS, target, stdin=chunk.encode()))
        if f"{pack.stem.removeprefix('pack-')}\n".encode() not in rewritten:
            pack_index.delete(pack)


def _reachable(repository: Repository) -> Iterator[bytes]:
    """Yield the id of every object reachable from a branch, many of them more than once."""
    with repository.reading(*_LOG) as process:
        for line in cast("IO[bytes]", process.stdout):
            if line.startswith(b":"):
                _, mode, _, oid, _ = line.split(b" ", 4)
                if mode != _SUBMODULE:
                    yield oid
            else:
                watchdog.beat()
                yield from line.split()
        if process.wait():
            raise CloneBrokenError("git log could not read the history")


def _loose_objects(repository: Path) -> dict[str, Path]:
    """Return the files of all loose objects, keyed by object id."""
    files = {f"{file.parent.name}{file.name}": file for file in repository.glob("objects/[0-9a-f][0-9a-f]/*")}
    return {name: file for name, file in files.items() if len(name) == _ID_DIGITS and name.isalnum()}
