"""Purges content again if a push brings it back: the folders of purged pastes, and copies in other files."""

import logging
from collections.abc import Iterator, Set
from itertools import chain

from django.conf import settings

from gitsync.format import tree
from gitsync.models import MOVED_FROM_LENGTH, Change, Kind, Purge, PurgedText
from gitsync.purge import requests
from gitsync.purge.occurrences import is_in_paste_folder
from gitsync.repository import history
from gitsync.repository.batches import in_batches
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)

_KEYS_PER_QUERY = 2_000


def purge_returned_folders(clone: Repository, tip: str, named_keys: Set[str]) -> None:
    """Purge pastes again if their folder is back at `tip` or their key is in `named_keys`.

    `named_keys` are the keys that appear in the commit messages of the new history.
    """
    purged = requests.completed_keys()
    if not purged:
        return
    tree_oids = clone.tree_oids(tip, (tree.folder(key) for key in sorted(purged)))
    returned = purged & named_keys
    returned |= {key for key in purged if tree_oids[tree.folder(key)]}
    if returned:
        logger.warning("%d purged pastes are in Git again and are purged again", len(returned))
        for keys in in_batches(sorted(returned), _KEYS_PER_QUERY):
            Purge.objects.filter(key__in=keys).request_again()


def purge_returned_texts(clone: Repository, old: str, new: str) -> None:
    """Purge content again if commits between `old` and `new` added it to files outside paste folders."""
    if not PurgedText.objects.exists():
        return
    checked = set[tuple[str, str]]()
    with history.objects(clone) as objects:
        for path, oid in _changed_files(clone, old, new):
            if (path, oid) in checked:
                continue
            checked.add((path, oid))
            content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
            if content and (key := requests.purged_key_of(content)):
                _purge_file(key, path)


def is_text_at_tip(clone: Repository, tip: str, removal: Change) -> bool:
    """Return whether the file that a removal deletes contains purged text at `tip`."""
    if not tip or not removal.moved_from or removal.kind != Kind.REMOVE:
        return False
    oid = clone.resolve(f"{tip}:{removal.moved_from}")
    if not oid:
        return False
    with history.objects(clone) as objects:
        content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
    return bool(content and requests.purged_key_of(content))


def _changed_files(clone: Repository, old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield (path, id) for each changed file outside paste folders; a file may be yielded more than once."""
    by_commits = ((path, mode, oid) for _, path, mode, _, oid in history.paths(clone, f"{old}..{new}"))
    # A merge commit does not list the files it takes unchanged from a parent, so the two tips are compared as well.
    for path, mode, oid in chain(by_commits, history.differences(clone, old, new)):
        if oid and mode in history.REGULAR and not is_in_paste_folder(path.encode(errors="surrogateescape")):
            yield path, oid


def _purge_file(key: str, path: str) -> None:
    printable_path = path.encode("ascii", "replace").decode()
    if len(path) > MOVED_FROM_LENGTH or not path.isprintable():  # A path that is not UTF-8 is not printable either.
        logger.error(
            "%s in Git contains content that was purged with %s; remove the file manually", printable_path, key
        )
        return
    logger.warning("%s in Git contains content that was purged with %s", printable_path, key)
    requests.request_file_purge(key, path)
