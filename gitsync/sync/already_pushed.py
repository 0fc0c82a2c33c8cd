"""Settles changes that are already on the remote, in batches, no matter how long its history is."""

import logging
from collections.abc import Container, Iterator, Mapping, Sequence

from gitsync.format import tree
from gitsync.inbound.paste_folder import text_oids_in_tree, text_oids_of_revision
from gitsync.models import Change
from gitsync.outbox.eligibility import belongs
from gitsync.repository import history
from gitsync.repository.batches import in_batches
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository
from gitsync.sync.settling import mark_settled
from pastes.models import Paste

logger = logging.getLogger(__name__)

_COMMITS_AT_ONCE = 1_000


def settle(clone: Repository, revisions: str, watched_keys: Container[str]) -> tuple[int, set[str]]:
    """Settle every change in a range of history; return the number of changes, and the watched keys that occur in it.

    Each batch has its own transaction: whatever happens afterwards, these changes are on the remote. Rejected changes
    that were pushed by hand are settled as well.
    """
    count, named_keys = 0, set()
    tip = revisions.rpartition("..")[2]
    for commits in _batches(clone, revisions):
        keys = {name.rpartition(".")[0] for name in commits}
        named_keys |= {key for key in keys if key in watched_keys}
        changes = [change for change in Change.objects.filter(settled_at=None, key__in=keys) if change.name in commits]
        if not changes:
            continue
        settled = [(commits[change.name], change.pk) for change in _really_made(clone, changes, commits, tip)]
        mark_settled(settled)
        count += len(settled)
    return count, named_keys


def _really_made(
    clone: Repository, changes: Sequence[Change], commits: Mapping[str, str], tip: str
) -> Iterator[Change]:
    """Yield the changes that are really made by the commit with their name, and are still in effect at `tip`.

    Anyone can write a trailer, and two sites may give the same name to different changes of a paste.
    """
    tree_oids = clone.tree_oids(tip, {tree.folder(change.key) for change in changes})
    with history.objects(clone) as objects:
        for change in changes:
            folder = tree.folder(change.key)
            if _is_made(change, objects, f"{commits[change.name]}:{folder}", is_at_tip=bool(tree_oids[folder])):
                yield change
            else:
                logger.warning("a commit that names the change %s does not make it", change.name)


def _is_made(change: Change, objects: Objects, folder: str, *, is_at_tip: bool) -> bool:
    """Return whether a commit makes a change; `folder` is the paste's folder in that commit, given as `commit:path`.

    A change that is undone at the tip counts as not made, so that it is made again: no other change would do so.
    """
    paste = Paste.objects.filter(key=change.key).first()
    is_expected = paste is not None and belongs(paste)
    if change.revision is None:
        return objects.tree(folder) is None and (is_expected or not is_at_tip)
    if paste is None or not is_expected:
        return True  # A later change removes the paste.
    return is_at_tip and text_oids_of_revision(paste, change.revision) == text_oids_in_tree(objects, folder)


def _batches(clone: Repository, revisions: str) -> Iterator[dict[str, str]]:
    """Yield commits by the names of their changes, newest history first; of two with one name, the newer."""
    for batch in in_batches(history.changes(clone, revisions), _COMMITS_AT_ONCE):
        yield dict(reversed(batch))
