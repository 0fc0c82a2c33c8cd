"""Clones without old history, blobs or most trees, which matter from some thousand pastes on (docs/adr/0022, 0025).

A worker on an empty machine needs one commit and the trees on the way to the pastes that it is about to write. Only the
configuration of the one command that fetches names the partial clone's remote. To all other commands a missing object
is missing: Git never fetches it by itself, without the key, the pinned hosts and the time limits of `Connection`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from gitsync.format import tree
from gitsync.models import PurgedText
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository

#: The name of the remote while something is fetched through a filter.
REMOTE = "pasteur"
#: Filters, as of git-rev-list(1). The top trees are those of the first two letters of all keys.
NO_BLOBS, TOP_TREES, NO_TREES = "blob:none", "tree:3", "tree:0"
_TOP_LEVELS = 3
#: This file in a clone says that it may lack trees of its commits.
_LACKS_TREES = "pasteur-lacks-trees"


def config(url: str, object_filter: str, *, as_if_empty: bool = False) -> dict[str, str]:
    """Return the configuration with which REMOTE is the repository at `url`, filtered.

    Single objects have to be fetched `as_if_empty`: a server takes a client with a commit to have all of it.
    """
    options = {
        f"remote.{REMOTE}.url": url,
        f"remote.{REMOTE}.promisor": "true",
        f"remote.{REMOTE}.partialCloneFilter": object_filter,
    }
    return options | ({"fetch.negotiationAlgorithm": "noop"} if as_if_empty else {})


def is_shallow(clone: Repository) -> bool:
    """Whether old history is missing."""
    return (clone.path / "shallow").exists()


def is_empty(clone: Repository) -> bool:
    """Whether nothing was fetched or written yet."""
    return next(clone.path.glob("objects/pack/*.idx"), None) is None


def lacks_trees(clone: Repository) -> bool:
    """Whether the clone may lack trees of its commits."""
    return (clone.path / _LACKS_TREES).exists()


def mark_lacking_trees(clone: Repository) -> None:
    """Set the missing-trees marker, before anything is fetched."""
    (clone.path / _LACKS_TREES).touch()


def unmark_if_complete(clone: Repository, commit: str) -> None:
    """Clear the missing-trees marker when the server ignored the filter and sent all trees."""
    oid = f"{commit}^{{tree}}"
    with history.objects(clone) as objects:
        for _ in range(_TOP_LEVELS):
            subtrees = (row.oid for row in objects.tree(oid) or () if len(row.name) == 1 and not row.is_file)
            oid = next(subtrees, "")
            if not oid:
                return
        if objects.tree(oid) is not None:
            (clone.path / _LACKS_TREES).unlink()


def unmark_if_unfiltered(clone: Repository, commit: str) -> bool:
    """Return whether the server ignored the NO_TREES filter; then the clone becomes an ordinary one."""
    if not clone.has(commit, "tree"):
        return False
    for marker in clone.path.glob("objects/pack/*.promisor"):
        marker.unlink()
    return True


def missing_trees(clone: Repository, commit: str, folders: Iterable[str]) -> list[str]:
    """Return the ids of the trees that a commit has on the way to these folders and the clone lacks."""
    letters = defaultdict[str, set[str]](set)
    for folder in folders:
        *parents, letter, _ = folder.split("/")
        letters["/".join(parents)].add(letter)
    with history.objects(clone) as objects:
        oids = {
            row.oid
            for parent in sorted(letters)
            for row in objects.tree(f"{commit}:{parent}") or ()
            if row.name in letters[parent] and not row.is_file
        }
    return _missing(clone, oids)


def has_history(clone: Repository, old: str, new: str) -> bool:
    """Whether the clone has all commits and trees between two commits.

    False also where a merged branch begins before `old`: it may be cut off there.
    """
    if not clone.is_ancestor(old, new):
        return False
    return not clone.ask("rev-list", "--max-parents=0", "--max-count=1", f"{old}..{new}")


def missing_blobs(clone: Repository, old: str, new: str) -> list[str]:
    """Return the ids of the blobs that reading in `old..new` may need and the clone lacks."""
    with history.objects(clone) as objects:
        return _missing(clone, set(_blobs(clone, objects, old, new)))


def _missing(clone: Repository, oids: Iterable[str]) -> list[str]:
    listing = "".join(f"{oid}\n" for oid in sorted(oids)).encode()
    lines = clone.ask("cat-file", "--batch-check", stdin=listing).decode().splitlines() if listing else []
    return [line.removesuffix(" missing") for line in lines if line.endswith(" missing")]


def _blobs(clone: Repository, objects: Objects, old: str, new: str) -> Iterator[str]:
    """Yield the blobs of every folder and root file that changed, some of them several times.

    Once anything was purged, all changed blobs: the purged text may have been put back anywhere.
    """
    is_any_purged = PurgedText.objects.exists()
    changes = ((path, mode, oid) for _, path, mode, _, oid in history.paths(clone, f"{old}..{new}"))
    for rows in (changes, history.differences(clone, old, new)):  # The second for what only a merge has brought.
        for path, mode, oid in rows:
            if oid and mode in history.REGULAR and (is_any_purged or "/" not in path):
                yield oid
            elif oid and mode == history.TREE and path.count("/") == 3 and tree.key_of(f"{path}/"):
                yield from (row.oid for row in objects.tree(oid) or () if row.is_file)
