"""The write path: fetch, catch up, rewrite, commit, push, settle."""

import logging
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NoReturn

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gitsync.errors import (
    GitsyncError,
    PastesChangedError,
    PurgeIncompleteError,
    PushLostError,
    RemoteLockedError,
    RemoteMovedError,
    RemoteRefusedError,
    RewriteRefusedError,
    TooSoonError,
    as_gitsync_error,
)
from gitsync.format import tree
from gitsync.format.fast_import import Commit
from gitsync.inbound import candidates
from gitsync.models import Change, Failure, Mirror, Purge
from gitsync.monitoring import drain_report
from gitsync.monitoring.drain_report import DrainReport
from gitsync.outbox import eligibility, secret_hold
from gitsync.outbox.loading import load
from gitsync.progress import Progress, unwatched
from gitsync.purge import reappearance, requests, rewrite
from gitsync.purge.rewrite import Rewritten
from gitsync.remote import addresses
from gitsync.remote.git_remote import Remote
from gitsync.repository import housekeeping
from gitsync.repository.access import with_clone
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import Repository, Written
from gitsync.sync import batch_size, bisect
from gitsync.sync.catch_up import catch_up
from gitsync.sync.settling import mark_settled
from pastes.storage.write_lock import write_lock

logger = logging.getLogger(__name__)

#: The maximum number of changes for one drain; the next drain follows immediately.
DRAIN_CHANGES = 10_000
_ATTEMPTS = 5


def drain(*, progress: Progress = unwatched, wait_for_lock: float = 0) -> DrainReport:
    """Push pending changes once; changes added in the meantime are left to the next drain.

    Raises GitsyncError. Whatever happens, a change remains pending until its commit is known to be on the remote.
    """
    with drain_report.recording() as report:
        with_clone(lambda clone: _Drain(clone, report, progress).run(), wait=wait_for_lock)
        return report


@dataclass
class _Batch:
    """The changes for one push. `done` have a commit or need none; `visible_keys` are keys of committed pastes."""

    changes: Sequence[Change]
    gone: Container[str] = ()
    max_bytes: int = batch_size.MAX_BYTES
    size_bytes: int = 0
    done: list[Change] = field(default_factory=list)
    visible_keys: set[str] = field(default_factory=set)
    secrets: dict[Change, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Attempt:
    """The commits to push on top of `tip`, the last fetched tip: those of a rewritten history, or of a batch."""

    tip: str
    rewritten: Rewritten
    batch: _Batch
    written: Written

    @property
    def is_rewrite(self) -> bool:
        return self.rewritten.tip != self.tip


class _Drain:
    def __init__(self, clone: Repository, report: DrainReport, progress: Progress) -> None:
        self.clone, self.report, self.progress = clone, report, progress
        self.remote = Remote.configured()
        self.mirror = Mirror.of(self.remote.address.url, self.remote.branch)

    def run(self) -> None:
        """Repeat all steps until a push is accepted; another writer may move the branch between fetch and push."""
        if self.mirror.seconds_until_push(addresses.push_interval()) > 0:
            raise TooSoonError("the last push started less than GITSYNC_PUSH_INTERVAL ago")
        self.remote.sweep()
        self.report.begin(self.mirror)
        tips, reason = set[str](), ""
        for _ in range(_ATTEMPTS):
            tip = self.fetch()
            tips.add(tip)
            attempt = self.commit(tip, self.rewrite_history(tip))
            match self.push(attempt):
                case None:
                    self.settle(attempt)
                    return
                case RewriteRefusedError() as error:
                    self.postpone_purge(attempt, error)
                case RemoteRefusedError() as error:
                    self.search_rejected_change(attempt, error)
                case RemoteMovedError() as error:
                    self.wait_if_moved(attempt, error)
                    reason = str(error)
        if len(tips) == 1:
            raise RemoteLockedError(reason)
        raise RemoteMovedError(f"another writer pushed first {_ATTEMPTS} times in a row")

    def fetch(self) -> str:
        """Fetch the branch, catch up with it, and return its tip."""
        old_tip = self.mirror.tip or ""
        tip = self.remote.fetch(self.clone, self.mirror.tip)
        catch_up(self.mirror, self.clone, tip)
        self.report.tip = tip
        if tip != old_tip and self.mirror.has_just_pushed and (not tip or self.clone.is_ancestor(tip, old_tip)):
            self._count_lost_push(old_tip)
        return tip

    def _count_lost_push(self, lost_tip: str) -> None:
        """Count a push that the remote has lost. Raise PushLostError from the second consecutive one."""
        self.mirror.lost_pushes += 1
        self.mirror.save(update_fields=["lost_pushes"])
        if self.mirror.is_losing_pushes:
            raise PushLostError(
                f"the branch was reset to before {lost_tip[:10]}, {self.mirror.lost_pushes} times in a row"
            )

    def rewrite_history(self, tip: str) -> Rewritten:
        """Return the history without the pastes to purge, or unchanged if their content cannot be removed.

        After any other failure, the next drain pushes pending changes before it retries the purge.
        """
        try:
            return rewrite.rewrite(self.remote, self.clone, tip)
        except RemoteMovedError:
            raise
        except Exception as error:
            if not stop_requested.is_set():
                requests.postpone(list(Purge.objects.pending().values_list("key", flat=True)), as_gitsync_error(error))
            if not isinstance(error, PurgeIncompleteError):
                raise
            Failure.note(self.mirror, error.code)
            return Rewritten([], tip)

    def commit(self, tip: str, rewritten: Rewritten) -> _Attempt:
        """Create commits for pending changes; retry if any of their pastes is removed from the site in the meantime.

        A rewritten history is pushed separately, so that a rejection can be attributed to it. Raises
        PastesChangedError.
        """
        if rewritten.tip != tip:
            return _Attempt(tip, rewritten, _Batch([]), Written(rewritten.tip))
        gone = set[str]()
        for _ in range(_ATTEMPTS):
            changes = bisect.with_valid_keys(bisect.next_batch(self.mirror, DRAIN_CHANGES))
            batch = _Batch(changes, gone, batch_size.limit(self.mirror))
            self.remote.fetch_trees(self.clone, tip, {tree.folder(change.key) for change in batch.changes})
            written = self.clone.write(tip, _commits(batch, self.clone, tip))
            secret_hold.hold(batch.secrets)
            outdated = eligibility.gone(batch.visible_keys)
            if not outdated:
                return _Attempt(tip, rewritten, batch, written)
            gone |= outdated
        raise PastesChangedError(f"{len(gone)} pastes were removed from the site while their commits were created")

    def push(self, attempt: _Attempt) -> RemoteMovedError | RemoteRefusedError | None:
        """Push; return None if the remote accepted it, or else the error: moved, rejected, or rewrite rejected.

        Raise GitsyncError if the push was too soon, failed, or may have arrived.
        """
        size = attempt.rewritten.size_bytes or batch_size.large(attempt.batch.size_bytes)
        try:
            if attempt.written.tip != attempt.tip:
                _push(self.remote.with_push_bytes(size), self.mirror, self.clone, attempt)
        except RemoteMovedError as error:
            return error
        except RemoteRefusedError as error:
            return RewriteRefusedError(str(error)) if attempt.is_rewrite else error
        except GitsyncError as error:
            if attempt.is_rewrite and not isinstance(error, TooSoonError) and not stop_requested.is_set():
                requests.postpone(attempt.rewritten.keys, error)  # The next drain takes pending changes first.
            batch_size.shrink(self.mirror, attempt.batch.size_bytes, error)
            raise
        return None

    def postpone_purge(self, attempt: _Attempt, error: RewriteRefusedError) -> None:
        """Let the next push send pending changes on top of the unchanged history. Raises TooSoonError."""
        requests.postpone(attempt.rewritten.keys, error)
        Failure.note(self.mirror, error.code)
        if addresses.push_interval():
            raise TooSoonError("the next push, of pending changes, must wait for GITSYNC_PUSH_INTERVAL")

    def search_rejected_change(self, attempt: _Attempt, error: RemoteRefusedError) -> NoReturn:
        """Halve the next batch. Raise PartlyRefusedError, or the error itself if the remote accepts nothing."""
        commits = attempt.written.commits
        bisect.rejected(self.mirror, [change for change in attempt.batch.done if change.name in commits], error)

    def wait_if_moved(self, attempt: _Attempt, error: RemoteMovedError) -> None:
        """Raise an error if GITSYNC_PUSH_INTERVAL rules out another push now: locked if the tip has not moved."""
        if addresses.push_interval():
            raise RemoteLockedError(str(error)) if self.remote.tip(self.clone) == attempt.tip else error
        logger.info("another writer pushed first; the commits are recreated: %s", error)

    def settle(self, attempt: _Attempt) -> None:
        """Record in the database what has arrived on the remote."""
        rewrite.record_commits(attempt.rewritten)
        _settle(self.mirror, attempt.batch.done, attempt.written)
        self.report.settled, self.report.commits = len(attempt.batch.done), len(attempt.written.commits)
        self.report.tip = attempt.written.tip
        rewrite.finish(attempt.rewritten, self.remote, self.clone, attempt.written.tip)
        self.report.purged = len(attempt.rewritten.keys)
        if attempt.written.commits:
            bisect.accepted(self.mirror)
            batch_size.grow(self.mirror)
        self.progress(len(attempt.batch.done))
        housekeeping.tidy(self.clone)
        self.remote.tidy()


def _commits(batch: _Batch, clone: Repository, tip: str) -> Iterator[Commit]:
    """Yield a commit for each change that is not at the tip yet, until the batch is full."""
    tree_oids = clone.tree_oids(tip, {tree.folder(change.key) for change in batch.changes})
    root_files = dict(candidates.root_files(clone, tip)) if any(change.moved_from for change in batch.changes) else {}
    for loaded in load(batch.changes, batch.gone, bisect.failed):
        if batch.size_bytes >= batch.max_bytes:
            return
        if secrets := secret_hold.unreleased_secrets(loaded):
            batch.secrets[loaded.change] = secrets
            continue
        batch.done.append(loaded.change)
        if loaded.entries:
            batch.visible_keys.add(loaded.change.key)
        moves = bool(root_files.pop(loaded.change.moved_from, "")) or reappearance.is_text_at_tip(
            clone, tip, loaded.change
        )
        if tree_oids[loaded.folder] != loaded.tree_oid or moves:
            tree_oids[loaded.folder] = loaded.tree_oid
            batch.size_bytes += loaded.size_bytes + batch_size.COMMIT_BYTES
            yield loaded.commit(moves=moves)


def _push(remote: Remote, mirror: Mirror, clone: Repository, attempt: _Attempt) -> None:
    """Push, unless another worker, here or on another machine, has started a push since the row was read."""
    claimed = Mirror.objects.filter(pk=mirror.pk, pushed_at=mirror.pushed_at).update(pushed_at=timezone.now())
    mirror.refresh_from_db(fields=["pushed_at"])
    if not claimed and addresses.push_interval():
        raise TooSoonError("another worker has just pushed")
    started, arrived = perf_counter(), dict[str, Any]()
    try:
        remote.push(clone, old=attempt.tip, new=attempt.written.tip)
        if not remote.local and remote.tip(clone) == attempt.tip:
            raise PushLostError("the remote accepted the push, but its branch has not moved")
        arrived = {"commits": F("commits") + len(attempt.written.commits), "arrived_at": timezone.now()}
    finally:
        spent = {"pushes": F("pushes") + 1, "push_seconds": F("push_seconds") + (perf_counter() - started)}
        Mirror.objects.filter(pk=mirror.pk).update(**spent, **arrived)


@write_lock()
@transaction.atomic
def _settle(mirror: Mirror, changes: Sequence[Change], written: Written) -> None:
    """Record the tip and settle the changes in one transaction."""
    mark_settled([(written.commits.get(change.name, ""), change.pk) for change in changes])
    if mirror.tip != written.tip:
        mirror.tip = written.tip
        mirror.save(update_fields=["tip"])
