"""Respects purges by other sites that share the repository: content they purged is not committed again."""

import logging

from gitsync.format import tree
from gitsync.format.fast_import import purge_digest
from gitsync.inbound.removals import Removals, check_limit
from gitsync.models import Change
from gitsync.purge import requests
from gitsync.repository import history
from gitsync.repository.repository import Repository
from pastes.lifecycle import writing
from pastes.models import Paste, State

logger = logging.getLogger(__name__)


def hide_purged(clone: Repository, revisions: str, tip: str, removals: Removals) -> None:
    """Hide pastes that have a pending change but whose purge is announced in `revisions`, a range ending at `tip`.

    They are kept in the database until a moderator purges or republishes them. Raises TooManyRemovedError.
    """
    digests = history.purged(clone, revisions)
    if not digests or removals is Removals.UNDO:
        return
    pending = Change.objects.filter(settled_at=None).order_by().values_list("key", flat=True).distinct()
    announced = sorted(key for key in pending.iterator(chunk_size=2_000) if purge_digest(key) in digests)
    tree_oids = clone.tree_oids(tip, {tree.folder(key) for key in announced})
    purged = [key for key in announced if not tree_oids[tree.folder(key)]]
    check_limit(len(purged), removals, "purged")
    for paste in Paste.objects.filter(key__in=purged, state=State.PUBLISHED):
        writing.hide(paste)
        requests.remember_texts(paste.key)
        logger.warning("%s is hidden: another site has purged it from the repository", paste.key)
