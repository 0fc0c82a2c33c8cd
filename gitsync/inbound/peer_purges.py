"""Heeds what another site that shares the repository has purged: nothing of it is committed again."""

import logging

from gitsync.errors import TooManyRemovedError
from gitsync.format import tree
from gitsync.format.fast_import import purge_digest
from gitsync.inbound.read_in import REMOVE_FREELY, Removals
from gitsync.models import Change
from gitsync.outbox.eligibility import mirrored
from gitsync.purge import requests
from gitsync.repository import history
from gitsync.repository.repository import Repository
from pastes.lifecycle import writing
from pastes.models import Paste, State

logger = logging.getLogger(__name__)


def heed(clone: Repository, revisions: str, tip: str, removals: Removals) -> None:
    """Hide the pastes that wait to be committed although a range of history, up to `tip`, says that they were purged.

    They stay in the database, for a moderator to purge or to show again. Raises TooManyRemovedError.
    """
    told = history.purged(clone, revisions)
    if not told or removals is Removals.UNDO:
        return
    waiting = Change.objects.filter(settled_at=None).order_by().values_list("key", flat=True).distinct()
    named = {key for key in waiting.iterator(chunk_size=2_000) if purge_digest(key) in told}
    there = clone.tree_oids(tip, {tree.folder(key) for key in named})
    gone = [key for key in sorted(named) if not there[tree.folder(key)]]
    pastes = Paste.objects.filter(key__in=gone, state=State.PUBLISHED)
    total = mirrored().count() if len(gone) > REMOVE_FREELY and removals is Removals.ASK else 0
    if total and len(gone) > max(REMOVE_FREELY, total // 100):
        raise TooManyRemovedError(f"{len(gone)} of {total} pastes were purged from Git by somebody else")
    for paste in pastes:
        writing.hide(paste)
        requests.remember_texts(paste.key)
        logger.warning("%s is hidden: another site has purged it from the repository", paste.key)
