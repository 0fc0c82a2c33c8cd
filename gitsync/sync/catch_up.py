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
    if is_reset := check(mirror, clone, tip, removals, adopt=adopt):
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
        read_in.import_pushed(clone, old_tip, tip, removals, record_tip)
    else:
        with transaction.atomic():
            record_tip()


def check(mirror: Mirror, clone: Repository, tip: str, removals: Removals | None, *, adopt: bool = False) -> bool:
    """Return whether the history was reset, that is, whether the recorded tip is not in the history of `tip`.

    Raises the errors of `catch_up`, and changes nothing: `mirror` need not be stored.
    """
    if tip == mirror.tip:
        return False
    is_reset = not (mirror.tip and tip and clone.is_ancestor(mirror.tip, tip))
    if is_reset and not adopt:
        identity.check(mirror, clone, tip)
    if tip:
        old_tip = "" if is_reset else mirror.tip or ""
        peer_purges.check(clone, _range(old_tip, tip), tip, removals or Removals.ASK)
        if settings.GITSYNC_READ_BACK and removals:
            read_in.check_removals(clone, old_tip, tip, removals)
    return is_reset


def _range(old_tip: str, tip: str) -> str:
    """Return the commits since `old_tip`; if it is empty, all."""
    return f"{old_tip}..{tip}" if old_tip else tip


def _settle_pushed(clone: Repository, old_tip: str, tip: str, removals: Removals) -> set[str]:
    """Settle the changes recorded in new commits; return the purged keys that occur in them.

    If `old_tip` is empty, all commits are new.
    """
    revisions = _range(old_tip, tip)
    count, named_keys = already_pushed.settle(clone, revisions, requests.completed_keys())
    peer_purges.hide_purged(clone, revisions, tip, removals)
    drain_report.add_arrived(count)
    return named_keys
