"""Lists the candidates for an import: paste folders, and files at the root that become pastes."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from gitsync.compare import differences
from gitsync.compare.key_buckets import pastes
from gitsync.format import tree
from gitsync.outbox.eligibility import mirrored
from gitsync.repository import history
from gitsync.repository.history import CommitInfo
from gitsync.repository.repository import Repository
from pastes.models import Paste
from pastes.rules import keys, languages

_KEYS_PER_QUERY = 200
_ROOT_TREE_BYTES = 16 * 1024 * 1024
_PROJECT_FILES = {"readme", "license", "contributing"}


class Candidate(NamedTuple):
    """A paste's folder, whose name is the paste's key, or a file at the root, whose name is its path.

    `oid` is the id of the folder's tree or the file's blob; it is empty for a deleted folder.
    """

    name: str
    oid: str

    @property
    def is_folder(self) -> bool:
        """Whether this is the folder of a paste: keys never contain a dot, and file names always do."""
        return keys.is_valid_key(self.name)


def changed_candidates(clone: Repository, old: str, new: str) -> Iterator[Candidate]:
    """Yield the folders that differ between two commits, and new or changed files at the root."""
    for path, mode, oid in history.differences(clone, old, new):
        if (key := _key_of_folder(path)) and keys.is_valid_key(key):
            yield Candidate(key, oid if mode == history.TREE else "")
        elif oid and mode in history.REGULAR and _is_root_file(path):
            yield Candidate(path, oid)


def missing_candidates(clone: Repository, tip: str) -> Iterator[Candidate]:
    """Yield the folders at `tip` that are missing from the database or differ from it, and the files at the root."""
    if not tip:
        return
    folders = pastes(clone, tip)
    while batch := dict(islice(folders, _KEYS_PER_QUERY)):
        stored = set(Paste.objects.filter(key__in=batch).values_list("key", flat=True))
        tree_oids = dict(differences.folder_oids(mirrored().filter(key__in=stored).order_by("pk")))
        for key, oid in batch.items():
            if key not in stored or tree_oids.get(key, oid) != oid:
                yield Candidate(key, oid)
    yield from root_files(clone, tip)


def root_files(clone: Repository, tip: str) -> Iterator[Candidate]:
    """Yield the files at the root of a commit that are to become pastes."""
    if not tip:
        return
    with history.objects(clone) as objects:
        for row in objects.tree(f"{tip}^{{tree}}", _ROOT_TREE_BYTES) or []:
            if row.is_file and _is_root_file(row.name):
                yield Candidate(row.name, row.oid)


def commits_by_candidate(clone: Repository, revisions: str) -> Iterator[tuple[CommitInfo, str, str]]:
    """Yield (commit, name, id) for each candidate changed by a range of commits, newest commit first."""
    for commit, path, mode, _, oid in history.paths(clone, revisions):
        if key := _key_of_folder(path):
            yield commit, key, oid if mode == history.TREE else ""
        elif _is_root_file(path):
            yield commit, path, oid


def _key_of_folder(path: str) -> str | None:
    return tree.key_of(f"{path}/") if path.count("/") == 3 else None


def _is_root_file(path: str) -> bool:
    """Return whether a file becomes a paste.

    It must be at the root, have the extension of a known language, and not be a file about the repository itself.
    """
    stem, _, extension = path.rpartition(".")
    if "/" in path or not stem or stem.casefold() in _PROJECT_FILES:
        return False
    return extension.lower() == "txt" or languages.of_file(path) is not languages.PLAIN
