"""Keeps a repository small and fast: merges packs after drains, runs regular maintenance, and prunes after a purge.

Below the sizes given here, Git does all of this by itself.
"""

import re
import shutil

from gitsync.errors import CloneBrokenError
from gitsync.repository import pack_index, prune, repack
from gitsync.repository.repository import Repository

#: The maximum number of small packs. Each drain creates a pack, even for a single object: each loose object requires
#: waiting for the disk, and loose objects are not transferred to the default remote.
MAX_SMALL_PACKS = 50
_FSCK_SECONDS = 6 * 3600.0
_DAMAGE = re.compile(r"error: |fatal: |missing |broken link")
_MAX_DAMAGE = 1_000
#: Objects per pack, since `git pack-objects` keeps ids and paths in memory. Up to this size, Git may repack everything.
MAX_PACK_OBJECTS = 200_000
#: A pack a quarter of that size is not small: the largest drains create such packs, one after another during a resync.
_SMALL_FRACTION = 4


def tidy(repository: Repository) -> None:
    """Merge small packs if there are more than MAX_SMALL_PACKS. Raises CloneBrokenError or DiskFullError.

    A pack is merged with smaller ones that together have at least half as many objects, so that objects rarely move.
    """
    small = sorted(
        (count, pack)
        for pack, count in pack_index.packs(repository.path).items()
        if count < MAX_PACK_OBJECTS // _SMALL_FRACTION
    )
    if len(small) <= MAX_SMALL_PACKS:
        return
    total, chosen = 0, 0
    for number, (count, _) in enumerate(small):
        if total + count > MAX_PACK_OBJECTS:
            break
        if number and count <= 2 * total:
            chosen = number + 1
        total += count
    if chosen:
        repack.join(repository, [pack for _, pack in small[:chosen]])


def maintain(repository: Repository) -> None:
    """Merge packs, pack refs and write the commit graph, which matters from about 10,000 commits."""
    tidy(repository)
    repository.ask("pack-refs", "--all")
    if not (
        repository.path / "objects" / "info" / "alternates"
    ).exists():  # If objects are shared with the default remote, so is its commit graph.
        repository.ask("commit-graph", "write", "--reachable", "--no-progress")


def damage(repository: Repository) -> str:
    """Read every object; return Git's messages about corrupt or missing objects, or an empty string.

    Malformed commits by others do not count as damage. Raise RemoteTimeoutError after _FSCK_SECONDS.
    """
    options = ("--full", "--no-dangling", "--no-reflogs", "--no-progress")
    finished = repository.run("fsck", *options, seconds=_FSCK_SECONDS)
    lines = (finished.stderr + finished.stdout.decode(errors="replace")).splitlines()
    problems = [line for line in lines if _DAMAGE.match(line)]
    if finished.status < 0 and not problems:
        raise CloneBrokenError(f"git fsck was killed by signal {-finished.status}")
    return "\n".join(problems)[:_MAX_DAMAGE]


def prune_unreachable(repository: Repository) -> None:
    """Delete every object that is not reachable from any ref.

    Use Git itself up to MAX_PACK_OBJECTS objects, and an implementation with bounded memory above that. If a reachable
    object is missing, delete nothing and raise CloneBrokenError.
    """
    packs = pack_index.packs(repository.path)
    if not packs and not any(True for _ in repository.path.glob("objects/[0-9a-f][0-9a-f]/*")):
        return  # A clone that shares objects has none of its own; Git would read the whole history anyway.
    for graph in (repository.path / "objects" / "info").glob("commit-graph*"):  # It refers to unreachable commits.
        shutil.rmtree(graph) if graph.is_dir() else graph.unlink()
    repository.ask("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    if sum(packs.values()) > MAX_PACK_OBJECTS and prune.is_usual(repository):
        prune.delete_unreachable(repository, MAX_PACK_OBJECTS)
    else:
        repository.ask("repack", "--quiet", "-a", "-d", "-l", "--no-write-bitmap-index")
        repository.ask("prune", "--expire=now")
