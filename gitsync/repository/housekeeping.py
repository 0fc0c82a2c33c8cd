"""Keeps a repository small and fast: joins packs after drains, maintains now and then, prunes after a purge.

Below the sizes given here, Git does all of it by itself.
"""

import re
import shutil

from gitsync.errors import CloneBrokenError
from gitsync.repository import pack_index, prune, repack
from gitsync.repository.repository import Repository

#: Small packs that a repository may have. A drain makes one, even of one object: a loose object costs a wait for the
#: disk, and is not handed over to the default remote.
MAX_SMALL_PACKS = 50
_FSCK_SECONDS = 6 * 3600.0
_DAMAGE = re.compile(r"error: |fatal: |missing |broken link")
_MAX_DAMAGE = 1_000
#: Objects of one pack: `git pack-objects` has their ids and paths in memory. Up to that size Git may repack everything.
MAX_PACK_OBJECTS = 200_000
#: A pack with a quarter of that is not small: the largest drain makes such packs, one after the other in a resync.
_SMALL_FRACTION = 4


def tidy(repository: Repository) -> None:
    """Join small packs, from 50 on. Raises CloneBrokenError or DiskFullError.

    A pack is joined with smaller ones that together have at least half its objects, so that each object seldom moves.
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
    """Join packs, pack refs and write the commit graph, which matters from some 10,000 commits on."""
    tidy(repository)
    repository.ask("pack-refs", "--all")
    if not (
        repository.path / "objects" / "info" / "alternates"
    ).exists():  # The default remote lends its graph as well.
        repository.ask("commit-graph", "write", "--reachable", "--no-progress")


def damage(repository: Repository) -> str:
    """Read every object; return Git's messages about those that are corrupt or missing, or the empty string.

    Malformed commits of others are no damage. Raises RemoteTimeoutError after _FSCK_SECONDS.
    """
    options = ("--full", "--no-dangling", "--no-reflogs", "--no-progress")
    finished = repository.run("fsck", *options, seconds=_FSCK_SECONDS)
    lines = (finished.stderr + finished.stdout.decode(errors="replace")).splitlines()
    problems = [line for line in lines if _DAMAGE.match(line)]
    if finished.status < 0 and not problems:
        raise CloneBrokenError(f"git fsck was killed by signal {-finished.status}")
    return "\n".join(problems)[:_MAX_DAMAGE]


def prune_unreachable(repository: Repository) -> None:
    """Delete every object that no ref reaches: by Git up to 200,000 objects, in bounded memory beyond that.

    Raises CloneBrokenError, and deletes nothing, when something reachable is missing.
    """
    packs = pack_index.packs(repository.path)
    if not packs and not any(True for _ in repository.path.glob("objects/[0-9a-f][0-9a-f]/*")):
        return  # A clone that shares the default remote's objects has none, and Git would read the whole history.
    for graph in (repository.path / "objects" / "info").glob("commit-graph*"):  # It names unreachable commits.
        shutil.rmtree(graph) if graph.is_dir() else graph.unlink()
    repository.ask("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    if sum(packs.values()) > MAX_PACK_OBJECTS and prune.is_usual(repository):
        prune.delete_unreachable(repository, MAX_PACK_OBJECTS)
    else:
        repository.ask("repack", "--quiet", "-a", "-d", "-l", "--no-write-bitmap-index")
        repository.ask("prune", "--expire=now")
