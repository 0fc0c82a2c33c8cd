"""Respects purges by other sites that share the repository: content they purged is not committed again."""

import logging

from gitsync.format import tree
from gitsync.format.fast_import import purge_digest
from gitsync.inbound.removals import Removals, check_limit
from gitsync.models import Change
from gitsync.purge import requests
from gitsync.repository import history
from gitsync.repository.batches import in_batches
from gitsync.repository.repository import Repository
from pastes.lifecycle import writing
from pastes.models import Paste, State

logger = logging.getLogger(__name__)

_KEYS_PER_QUERY = 2_000


def check(clone: Repository, revisions: str, tip: str, removals: Removals) -> None:
    """Raise TooManyRemovedError if `hide_purged` would hide too many pastes."""
    if removals is Removals.ASK:
        check_limit(len(_to_hide(clone, revisions, tip)), removals, "purged")


def hide_purged(clone: Repository, revisions: str, tip: str, removals: Removals) -> None:
    """Hide pastes with a pending change if a purge of them is announced in this range of history up to `tip`.

    They remain in the database until a moderator purges them or publishes them again. Raises TooManyRemovedError.
    """
    if removals is Removals.UNDO:
        return
    pastes = _to_hide(clone, revisions, tip)
    check_limit(len(pastes), removals, "purged")
    for paste in pastes:
        writing.hide(paste)
        requests.remember_texts(paste.key)
        logger.warning("%s is hidden: another site has purged it from the repository", paste.key)


def _to_hide(clone: Repository, revisions: str, tip: str) -> list[Paste]:
    digests = history.purged(clone, revisions)
    if not digests:
        return []
    pending = Change.objects.filter(settled_at=None).order_by().values_list("key", flat=True).distinct()
    announced = sorted(key for key in pending.iterator(chunk_size=2_000) if purge_digest(key) in digests)
    tree_oids = clone.tree_oids(tip, {tree.folder(key) for key in announced})
    purged = [key for key in announced if not tree_oids[tree.folder(key)]]
    batches = in_batches(purged, _KEYS_PER_QUERY)
    return [paste for keys in batches for paste in Paste.objects.filter(key__in=keys, state=State.PUBLISHED)]
