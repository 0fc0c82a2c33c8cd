"""Brings the rows in line with the branch's tip after a crash, a history reset, or a push by others."""

from django.conf import settings
from django.db import transaction

from gitsync.inbound import peer_purges, read_in
from gitsync.inbound.removals import Removals
from gitsync.models import Mirror
from gitsync.monitoring import drain_report
from gitsync.purge import reappearance, requests
from gitsync.repository.repository import Repository
from gitsync.sync import already_pushed, history_reset, identity


def catch_up(
    mirror: Mirror, clone: Repository, tip: str, removals: Removals | None = Removals.ASK, *, adopt: bool = False
) -> None:
    """Settle changes that are already on the branch, re-queue those that it has lost, and import what others pushed.

    `removals` determines what happens to pastes that others removed; if it is None, nothing is imported. A history that
    has nothing in common with this site is accepted only if `adopt` is true. Raises TooManyRemovedError, UnrelatedError
    and BranchRenamedError.
    """
    old_tip = mirror.tip or ""
    if tip == mirror.tip:
        return
    if is_reset := check_identity(mirror, clone, tip, adopt=adopt):
        old_tip = ""
        history_reset.requeue_lost(clone, tip)
    named_keys = _settle_pushed(clone, old_tip, tip, removals or Removals.ASK) if tip else set()
    if is_reset:
        history_reset.requeue_missing(clone, tip)
    else:
        reappearance.purge_returned_texts(clone, old_tip, tip)

    def record_tip() -> None:
        mirror.tip = tip
        mirror.save(update_fields=["tip"])
        reappearance.purge_returned_folders(clone, tip, named_keys)

    if settings.GITSYNC_READ_BACK and removals:
        read_in.read_in(clone, old_tip, tip, removals, record_tip)
    else:
        with transaction.atomic():
            record_tip()


def check_identity(mirror: Mirror, clone: Repository, tip: str, *, adopt: bool) -> bool:
    """Return whether the history was reset, that is, whether the recorded tip is not in the history of `tip`.

    If so, the new history must belong to this site, or `adopt` must be true. Raises UnrelatedError and
    BranchRenamedError.
    """
    is_reset = tip != mirror.tip and not (mirror.tip and tip and clone.is_ancestor(mirror.tip, tip))
    if is_reset and not adopt:
        identity.check(mirror, clone, tip)
    return is_reset


def _settle_pushed(clone: Repository, old_tip: str, tip: str, removals: Removals) -> set[str]:
    """Settle the changes recorded in new commits; return the purged keys that occur in them.

    If `old_tip` is empty, all commits are new.
    """
    revisions = f"{old_tip}..{tip}" if old_tip else tip
    count, named_keys = already_pushed.settle(clone, revisions, requests.completed_keys())
    peer_purges.hide_purged(clone, revisions, tip, removals)
    drain_report.add_arrived(count)
    return named_keys
