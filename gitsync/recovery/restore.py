"""Restores pastes that are on the remote but not in the database. Existing pastes are left unchanged.

This includes pastes that `resync_git --prune` removed from the tip, since they are still in the history.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from django.db import IntegrityError, transaction

from gitsync.compare import differences
from gitsync.compare.key_buckets import buckets
from gitsync.inbound import newer_revisions
from gitsync.inbound.candidates import root_files
from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.paste_history import prefetch, restore_paste
from gitsync.inbound.path_history import PathHistory, Touch, index_by_path
from gitsync.models import Change, Mirror
from gitsync.outbox.eligibility import mirrored
from gitsync.progress import Progress, unwatched
from gitsync.recovery.full_history import fetch_full_history
from gitsync.remote import addresses
from gitsync.remote.git_remote import Remote
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository
from pastes.errors import RefusedError
from pastes.lifecycle.erasing import are_purged
from pastes.models import Paste
from pastes.rules import keys

_BATCH_SIZE = 100


@dataclass
class RestoreReport:
    """The number of pastes restored and of those already present, and the reason for each skipped key."""

    tip: str
    restored: int = 0
    present: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def restore(source: str = "", progress: Progress = unwatched) -> RestoreReport:
    """Restore all pastes at the tip of a remote, and those pruned from it, with their changes.

    If no source is given, use the configured remote. Raises GitsyncError.
    """
    remote = Remote.configured()
    if source:
        remote = remote.at(addresses.parse(source))
    with fetch_full_history(remote) as fetched:
        report = RestoreReport(fetched.tip)
        if fetched.tip:
            _restore_all(report, fetched.clone, fetched.tip, progress)
        if not source:
            _record_tip(remote, fetched.clone, fetched.tip)
    return report


def _restore_all(report: RestoreReport, clone: Repository, tip: str, progress: Progress) -> None:
    commits = history.folders(clone, tip)
    with index_by_path(commits, history.commit(clone, tip)) as path_history, history.objects(clone) as objects:
        folders = chain(_folders_at_tip(clone, tip), _pruned_folders(path_history))
        while batch := list(islice(folders, _BATCH_SIZE)):
            _restore_batch(report, objects, batch, path_history)
            progress(len(batch))


def _folders_at_tip(clone: Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Yield (name, tree) for each folder where pastes are stored, even if its name is not a valid key."""
    for letters, folders in buckets(clone, tip):
        if letters[0] in keys.ALPHABET:
            yield from folders.items()


def _pruned_folders(path_history: PathHistory) -> Iterator[tuple[str, str]]:
    """Yield (name, last tree) for each folder removed by a prune, but not for hidden or removed pastes."""
    for name in path_history.pruned():
        if tree_oid := next((touch.oid for touch in reversed(path_history.of(name)) if touch.oid), ""):
            yield name, tree_oid


def _restore_batch(
    report: RestoreReport, objects: Objects, batch: Sequence[tuple[str, str]], path_history: PathHistory
) -> None:
    names = [key for key, _ in batch]
    present = are_purged(names) | set(Paste.objects.filter(key__in=names).values_list("key", flat=True))
    changed = set(Change.objects.filter(key__in=names).values_list("key", flat=True))
    absent = [(key, tree_oid, path_history.of(key)) for key, tree_oid in batch if key not in present]
    report.present += len(batch) - len(absent)
    prefetch(objects, ((tree_oid, touches) for _, tree_oid, touches in absent))
    with transaction.atomic():
        for key, tree_oid, touches in absent:
            _restore_one(report, objects, key, tree_oid, touches, may_have_changes=key in changed)
        stored = dict(differences.folder_oids(mirrored().filter(key__in=present).order_by("pk")))
        for key, tree_oid in batch:
            if stored.get(key, tree_oid) != tree_oid:
                _restore_revisions(report, objects, key, path_history.of(key))


def _restore_one(
    report: RestoreReport,
    objects: Objects,
    key: str,
    tree_oid: str,
    touches: Sequence[Touch],
    *,
    may_have_changes: bool,
) -> None:
    try:
        with transaction.atomic():
            restore_paste(objects, key, tree_oid, touches, may_have_changes=may_have_changes)
        report.restored += 1
    except IntegrityError:
        report.present += 1  # Another process stored it in the meantime.
    except DamagedError as damaged:
        report.skipped[key] = str(damaged)
    except RefusedError as refused:
        report.skipped[key] = refused.message


def _restore_revisions(report: RestoreReport, objects: Objects, key: str, touches: Sequence[Touch]) -> None:
    """Store the later revisions that Git has of a stored paste, which then counts as restored."""
    try:
        with transaction.atomic():
            if newer_revisions.restore(objects, Paste.objects.select_for_update().get(key=key), touches):
                report.restored += 1
                report.present -= 1
    except DamagedError as damaged:
        report.skipped[key] = str(damaged)
    except RefusedError as refused:
        report.skipped[key] = refused.message


def _record_tip(remote: Remote, clone: Repository, tip: str) -> None:
    """Let the first drain continue from `tip`, unless files at the root have yet to be imported."""
    mirror = Mirror.of(remote.address.url, remote.branch)
    Mirror.objects.filter(pk=mirror.pk).update(verified_at=None)  # It was the only copy, so verify it soon.
    if not next(root_files(clone, tip), None):
        Mirror.objects.filter(pk=mirror.pk, tip=None).update(tip=tip)
