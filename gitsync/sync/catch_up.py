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
    """Settle changes that the branch already has, re-queue those that it has lost, and read in what others pushed.

    `removals` decides about pastes that others removed; with None nothing is read in. A history without
    anything of this site is accepted with `adopt` alone. Raises TooManyRemovedError, UnrelatedError and
    BranchRenamedError.
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
    """Return whether the recorded tip is not in the history of `tip`, which then has to be of this site or adopted.

    Raises UnrelatedError and BranchRenamedError.
    """
    is_reset = tip != mirror.tip and not (mirror.tip and tip and clone.is_ancestor(mirror.tip, tip))
    if is_reset and not adopt:
        identity.check(mirror, clone, tip)
    return is_reset


def _settle_pushed(clone: Repository, old_tip: str, tip: str, removals: Removals) -> set[str]:
    """Settle the changes that new commits name; return the purged keys among those that they name.

    With an empty `old_tip`, all commits are new.
    """
    revisions = f"{old_tip}..{tip}" if old_tip else tip
    count, named_keys = already_pushed.settle(clone, revisions, requests.completed_keys())
    peer_purges.hide_purged(clone, revisions, tip, removals)
    drain_report.add_arrived(count)
    return named_keys
