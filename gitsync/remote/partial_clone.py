"""Clones that were started thin: with the tree of one commit, without its texts and without what came before it.

A worker on an empty machine needs no more to go on (docs/adr/0022), and of the tree no more than what leads to the
pastes that it is about to write (docs/adr/0025). The fetch that starts such a clone says so by its environment alone,
and nothing of it is written down: Git takes what is missing for missing, and never fetches it behind our back, by
another way than the one that was configured.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from gitsync.format import tree
from gitsync.models import PurgedText
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository

#: The name of the remote while something is fetched without the texts.
REMOTE = "pasteur"
#: What is wanted, in the words of Git: everything but texts; of the tree the first two letters of all keys alone; or
#: nothing of it.
NO_TEXTS, TWO_LETTERS, COMMITS = "blob:none", "tree:3", "tree:0"
_LETTERS = 2
#: Stands in a clone that may lack trees.
_LACKING = "pasteur-lacks-trees"


def environment(
    url: str, told: Mapping[str, str], *, wanted: str = NO_TEXTS, as_if_empty: bool = False
) -> dict[str, str]:
    """Return an environment in which REMOTE is the repository at `url`, from which only some objects are wanted.

    What is named comes if we ask as if the clone were empty: whoever has a commit is taken to have all of it.
    """
    options = {
        f"remote.{REMOTE}.url": url,
        f"remote.{REMOTE}.promisor": "true",
        f"remote.{REMOTE}.partialCloneFilter": wanted,
    }
    if as_if_empty:
        options["fetch.negotiationAlgorithm"] = "noop"
    first = int(told.get("GIT_CONFIG_COUNT", "0"))
    found = {**told, "GIT_CONFIG_COUNT": str(first + len(options))}
    for number, (name, value) in enumerate(options.items(), start=first):
        found[f"GIT_CONFIG_KEY_{number}"] = name
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found


def is_thin(clone: Repository) -> bool:
    """Whether old history is missing."""
    return (clone.path / "shallow").exists()


def is_empty(clone: Repository) -> bool:
    """Whether nothing has been fetched or written yet."""
    return next(clone.path.glob("objects/pack/*.idx"), None) is None


def empty(clone: Repository) -> None:
    """Throw away what is in the clone."""
    clone.discard()
    Repository.open(clone.path)


def lacks_trees(clone: Repository) -> bool:
    """Whether trees may be missing that the clone's commits have."""
    return (clone.path / _LACKING).exists()


def expect_no_trees(clone: Repository) -> None:
    """Note, before anything is fetched, that most trees will be missing."""
    (clone.path / _LACKING).touch()


def look_for_trees(clone: Repository, commit: str) -> None:
    """Note that nothing is missing when the remote has left nothing out, which it may not know how to do."""
    oid = f"{commit}^{{tree}}"
    with history.objects(clone) as objects:
        for _ in range(_LETTERS + 1):
            letters = (entry.oid for entry in objects.tree(oid) or () if len(entry.name) == 1 and not entry.is_file)
            oid = next(letters, "")
            if not oid:
                return
        if objects.tree(oid) is not None:
            (clone.path / _LACKING).unlink()


def has_come_whole(clone: Repository, commit: str) -> bool:
    """Whether a remote that was asked for commits alone has left nothing out; then it is a clone like any other."""
    if clone.run("cat-file", "-e", f"{commit}^{{tree}}").status:
        return False
    for mark in clone.path.glob("objects/pack/*.promisor"):
        mark.unlink()
    return True


def missing_trees(clone: Repository, commit: str, folders: Iterable[str]) -> list[str]:
    """Return the ids of trees that are not there and that a commit has on the way to these folders."""
    roads = defaultdict[str, set[str]](set)
    for folder in folders:
        *letters, last, _ = folder.split("/")
        roads["/".join(letters)].add(last)
    with history.objects(clone) as objects:
        found = (
            entry.oid
            for letters, wanted in sorted(roads.items())
            for entry in objects.tree(f"{commit}:{letters}") or ()
            if entry.name in wanted and not entry.is_file
        )
        return _missing(clone, sorted(set(found)))


def goes_on(clone: Repository, old: str, new: str) -> bool:
    """Whether all that lies between two commits is there, which says nothing of texts that the old one has as well.

    Where a side road leads past the old one, to the beginning of history, what came before it is not told apart.
    """
    if not clone.is_ancestor(old, new):
        return False
    return not clone.ask("rev-list", "--max-parents=0", "--max-count=1", f"{old}..{new}")


def missing_texts(clone: Repository, old: str, new: str) -> list[str]:
    """Return the ids of texts that are not there, of all folders and files that were touched between two commits."""
    with history.objects(clone) as objects:
        return _missing(clone, sorted(set(_texts(clone, objects, old, new))))


def _missing(clone: Repository, wanted: list[str]) -> list[str]:
    if not wanted:
        return []
    lines = clone.ask("cat-file", "--batch-check", stdin="".join(f"{oid}\n" for oid in wanted).encode()).decode()
    return [line.removesuffix(" missing") for line in lines.splitlines() if line.endswith(" missing")]


def _texts(clone: Repository, objects: Objects, old: str, new: str) -> Iterator[str]:
    """Yield the ids of what reading in may want to look into, some of them several times.

    Where something was purged, that is everything, since it may have been put back anywhere.
    """
    is_any_purged = PurgedText.objects.exists()
    told = ((path, mode, oid) for _, path, mode, _, oid in history.paths(clone, f"{old}..{new}"))
    for rows in (told, history.differences(clone, old, new)):  # The second for what a merge alone has brought.
        for path, mode, oid in rows:
            if oid and mode in history.REGULAR and (is_any_purged or "/" not in path):
                yield oid
            elif oid and mode == history.TREE and path.count("/") == 3 and tree.key_of(f"{path}/"):
                yield from (entry.oid for entry in objects.tree(oid) or () if entry.is_file)
