"""Clones without old history, blobs or most trees, which pays off from a few thousand pastes (docs/adr/0022, 0025).

A worker on a new machine needs one commit and the trees on the paths to the pastes that it is about to write. The
remote of the partial clone is configured only for the command that fetches. For all other commands, a missing object is
simply missing: Git never fetches it on its own, without the key, pinned hosts and time limits of `Connection`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from gitsync.format import tree
from gitsync.models import PurgedText
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository

#: The name of the remote during filtered fetches.
REMOTE = "pasteur"
#: Filters, see git-rev-list(1). The top trees are the root tree and those for the first two characters of keys.
NO_BLOBS, TOP_TREES, NO_TREES = "blob:none", "tree:3", "tree:0"
_TOP_LEVELS = 3
#: The presence of this file in a clone means that trees of its commits may be missing.
_LACKS_TREES = "pasteur-lacks-trees"


def config(url: str, object_filter: str, *, as_if_empty: bool = False) -> dict[str, str]:
    """Return the configuration that makes REMOTE refer to the repository at `url`, with a filter.

    Individual objects must be fetched `as_if_empty`: a server assumes that a client with a commit has all its objects.
    """
    options = {
        f"remote.{REMOTE}.url": url,
        f"remote.{REMOTE}.promisor": "true",
        f"remote.{REMOTE}.partialCloneFilter": object_filter,
    }
    return options | ({"fetch.negotiationAlgorithm": "noop"} if as_if_empty else {})


def is_shallow(clone: Repository) -> bool:
    """Return whether old history is missing."""
    return (clone.path / "shallow").exists()


def is_empty(clone: Repository) -> bool:
    """Return whether nothing has been fetched or written yet."""
    return next(clone.path.glob("objects/pack/*.idx"), None) is None


def lacks_trees(clone: Repository) -> bool:
    """Return whether trees of the clone's commits may be missing."""
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
    """Return whether the server ignored the NO_TREES filter; if so, turn the clone into a regular one."""
    if not clone.has(commit, "tree"):
        return False
    for marker in clone.path.glob("objects/pack/*.promisor"):
        marker.unlink()
    return True


def missing_trees(clone: Repository, commit: str, folders: Iterable[str]) -> list[str]:
    """Return the ids of the trees on a commit's paths to these folders that are missing from the clone."""
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
    """Return whether the clone has all commits and trees between two commits.

    Also return False if a merged branch starts before `old`, because its history may be cut off there.
    """
    if not clone.is_ancestor(old, new):
        return False
    return not clone.ask("rev-list", "--max-parents=0", "--max-count=1", f"{old}..{new}")


def missing_blobs(clone: Repository, old: str, new: str) -> list[str]:
    """Return the ids of the blobs that importing `old..new` may need and that are missing from the clone."""
    with history.objects(clone) as objects:
        return _missing(clone, set(_blobs(clone, objects, old, new)))


def _missing(clone: Repository, oids: Iterable[str]) -> list[str]:
    listing = "".join(f"{oid}\n" for oid in sorted(oids)).encode()
    lines = clone.ask("cat-file", "--batch-check", stdin=listing).decode().splitlines() if listing else []
    return [line.removesuffix(" missing") for line in lines if line.endswith(" missing")]


def _blobs(clone: Repository, objects: Objects, old: str, new: str) -> Iterator[str]:
    """Yield the blobs of every changed folder and root file, possibly more than once.

    If anything has ever been purged, yield all changed blobs: purged content may have been put back anywhere.
    """
    is_any_purged = PurgedText.objects.exists()
    changes = ((path, mode, oid) for _, path, mode, _, oid in history.paths(clone, f"{old}..{new}"))
    for rows in (changes, history.differences(clone, old, new)):  # The second finds what only a merge changed.
        for path, mode, oid in rows:
            if oid and mode in history.REGULAR and (is_any_purged or "/" not in path):
                yield oid
            elif oid and mode == history.TREE and path.count("/") == 3 and tree.key_of(f"{path}/"):
                yield from (row.oid for row in objects.tree(oid) or () if row.is_file)
