"""The write path, from top to bottom: what is pending becomes commits, one push takes them out, the rows are marked."""

import logging
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from gitsync import watchdog
from gitsync.errors import (
    GitsyncError,
    OutdatedError,
    PurgeIncompleteError,
    RemoteLockedError,
    RemoteMovedError,
    RemoteRefusedError,
    RewriteRefusedError,
    TooSoonError,
    meaning_of,
)
from gitsync.format import tree
from gitsync.format.fast_import import Commit
from gitsync.inbound import candidates, peer_purges, read_in
from gitsync.inbound.removals import Removals
from gitsync.models import Change, Failure, Mirror, Purge
from gitsync.monitoring import drain_report
from gitsync.monitoring.drain_report import Drained
from gitsync.outbox import eligibility, secret_hold
from gitsync.outbox.loading import load
from gitsync.progress import Progress, unwatched
from gitsync.purge import reappearance, requests, rewrite
from gitsync.remote import addresses
from gitsync.remote.git_remote import Remote
from gitsync.repository import housekeeping
from gitsync.repository.access import with_clone
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import Repository, Written
from gitsync.sync import already_pushed, bisect, history_reset

logger = logging.getLogger(__name__)

#: One drain takes this many changes and bytes at the most, so that its push ends in time; the rest follows at once.
DRAIN_CHANGES = 10_000
DRAIN_BYTES = 64 * 1024 * 1024
_TRIES = 5
_AT_ONCE = 5_000


@dataclass
class _Batch:
    """The changes of one drain and what became of each: a commit, or nothing because nothing was to be done."""

    changes: Sequence[Change]
    gone: Container[str] = ()
    taken: list[Change] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    withheld: dict[Change, dict[str, str]] = field(default_factory=dict)


def drain(*, progress: Progress = unwatched, wait_for_lock: float = 0) -> Drained:
    """Take what is pending to the remote, with one push; changes that arrive meanwhile are the next drain's.

    Raises GitsyncError. Whatever happens, a change stays pending until its commit is known to be on the remote.
    """
    with drain_report.account() as done:
        with_clone(lambda clone: _drain(clone, progress, done), wait=wait_for_lock)
        return done


def _drain(clone: Repository, progress: Progress, done: Drained) -> None:
    remote = Remote.configured()
    mirror = Mirror.of(remote.address.url, remote.branch)
    if mirror.seconds_until_push(addresses.push_interval()) > 0:
        raise TooSoonError("the last push started less than GITSYNC_PUSH_INTERVAL ago")
    remote.sweep()
    done.begin(mirror)
    tips, late = set(), RemoteMovedError()
    for _ in range(_TRIES):
        tip = remote.fetch(clone, mirror.tip)
        tips.add(tip)
        catch_up(mirror, clone, tip)
        done.tip = tip
        rewritten = _rewritten(remote, mirror, clone, tip)
        batch, written = _written(remote, mirror, clone, rewritten.tip, only_rewritten=rewritten.tip != tip)
        try:
            if written.tip != tip:
                _push(remote.with_push_bytes(rewritten.size_bytes), mirror, clone, written, old=tip)
        except RemoteMovedError as moved:
            if addresses.push_interval():
                if remote.tip(clone) == tip:
                    raise RemoteLockedError(str(moved)) from None
                raise  # The next push has to wait for its time, like every other.
            logger.info("somebody else pushed first, the commits are made again: %s", moved)
            late = moved
            continue
        except RemoteRefusedError as error:
            if rewritten.tip != tip:
                requests.postpone(rewritten.keys, RewriteRefusedError(str(error)))
                Failure.note(mirror, RewriteRefusedError.code)
                if addresses.push_interval():
                    raise TooSoonError("the next push, of what is pending, has to wait for its time") from None
                continue  # What is pending goes on top of the history as it is.
            bisect.refused(mirror, [change for change in batch.taken if change.name in written.commits], error)
        except TooSoonError:
            raise
        except GitsyncError as error:
            if rewritten.tip != tip and not stop_requested.is_set():
                requests.postpone(rewritten.keys, error)  # The next drain takes what is pending before that.
            raise
        rewrite.record_commits(rewritten)
        _settle(mirror, batch.taken, written)
        done.settled, done.commits, done.tip = len(batch.taken), len(written.commits), written.tip
        rewrite.finish(rewritten, remote, clone, written.tip)
        done.purged = len(rewritten.keys)
        if written.commits:
            bisect.accepted(mirror)
        progress(len(batch.taken))
        housekeeping.tidy(clone)
        remote.tidy()
        return
    if len(tips) == 1:
        raise RemoteLockedError(str(late))
    raise RemoteMovedError(f"somebody else was faster {_TRIES} times in a row")


def _rewritten(remote: Remote, mirror: Mirror, clone: Repository, tip: str) -> rewrite.Rewritten:
    """Return the history without what is to be purged now, or as it is when something of that cannot be taken out.

    Whatever else fails, the next drain takes what is pending before it is tried again.
    """
    try:
        return rewrite.rewrite(remote, clone, tip)
    except RemoteMovedError:
        raise
    except Exception as error:
        if not stop_requested.is_set():
            requests.postpone(list(Purge.objects.waiting().values_list("key", flat=True)), meaning_of(error))
        if not isinstance(error, PurgeIncompleteError):
            raise
        Failure.note(mirror, error.code)
        return rewrite.Rewritten([], tip)


def _written(
    remote: Remote, mirror: Mirror, clone: Repository, tip: str, *, only_rewritten: bool
) -> tuple[_Batch, Written]:
    """Make the commits of what is pending, and again when one of its pastes was taken off the site meanwhile.

    A history that was rewritten goes alone, so that a refusal says which of both the remote refuses. Raises
    OutdatedError when there is always one more.
    """
    if only_rewritten:
        return _Batch([]), Written(tip)
    gone = set[str]()
    for _ in range(_TRIES):
        batch = _Batch(bisect.next_batch(mirror, DRAIN_CHANGES), gone)
        remote.fetch_trees(clone, tip, {tree.folder(change.key) for change in batch.changes})
        written = clone.write(tip, _commits(batch, clone, tip))
        secret_hold.withhold(batch.withheld)
        if not (outdated := eligibility.gone(batch.shown)):
            return batch, written
        gone |= outdated
    raise OutdatedError(f"{len(gone)} pastes were taken off the site while their commits were made")


def catch_up(mirror: Mirror, clone: Repository, tip: str, removals: Removals | None = Removals.ASK) -> None:
    """Bring the rows to where the remote stands: mark what it has already, reopen what it has lost, read in the rest.

    The first happens after a crash between push and bookkeeping, the second when its history was set back, the third
    when somebody else has pushed; with None for `removals`, nothing is. Raises TooManyRemovedError.
    """
    if tip == mirror.tip:
        return
    old = mirror.tip or ""
    goes_on = mirror.tip is not None and bool(mirror.tip and tip) and clone.is_ancestor(mirror.tip, tip)
    if not goes_on:
        history_reset.reopen(clone, tip)
    already, back = 0, set[str]()
    if tip:
        told = f"{mirror.tip}..{tip}" if goes_on else tip
        already, back = already_pushed.settle(clone, told, requests.completed_keys())
        peer_purges.hide_purged(clone, told, tip, removals or Removals.ASK)
    drain_report.arrived(already)
    if goes_on:
        reappearance.purge_returned_texts(clone, old, tip)
    else:
        history_reset.reopen_unseen(clone, tip)

    def done() -> None:
        _mark(mirror, tip, [])
        reappearance.purge_returned_folders(clone, tip, back)

    if settings.GITSYNC_READ_BACK and removals:
        read_in.read_in(clone, old if goes_on else "", tip, removals, done)
    else:
        with transaction.atomic():
            done()


def _commits(batch: _Batch, clone: Repository, tip: str) -> Iterator[Commit]:
    """Yield a commit for each change that the tip does not show yet, until the drain has enough bytes."""
    now = clone.tree_oids(tip, {tree.folder(change.key) for change in batch.changes})
    at_root = dict(candidates.root_files(clone, tip)) if any(change.moved_from for change in batch.changes) else {}
    room = DRAIN_BYTES
    for loaded in load(batch.changes, batch.gone):
        if room <= 0:
            return
        if found := secret_hold.found_in(loaded):
            batch.withheld[loaded.change] = found
            continue
        batch.taken.append(loaded.change)
        if loaded.entries:
            batch.shown.add(loaded.change.key)
        moves = bool(at_root.pop(loaded.change.moved_from, "")) or reappearance.is_text_at_tip(
            clone, tip, loaded.change
        )
        if now[loaded.folder] != loaded.tree_oid or moves:
            now[loaded.folder] = loaded.tree_oid
            room -= loaded.size_bytes
            yield loaded.commit(moves=moves)


def _push(remote: Remote, mirror: Mirror, clone: Repository, written: Written, *, old: str) -> None:
    """Push, unless another worker, on this machine or elsewhere, has started a push since we looked."""
    seen, now = mirror.pushed_at, timezone.now()
    claimed = Mirror.objects.filter(pk=mirror.pk, pushed_at=seen).update(pushed_at=now)
    mirror.refresh_from_db(fields=["pushed_at"])
    if not claimed and addresses.push_interval():
        raise TooSoonError("another worker has just pushed")
    started, arrived = perf_counter(), dict[str, Any]()
    try:
        remote.push(clone, old=old, new=written.tip)
        arrived = {"commits": F("commits") + len(written.commits), "arrived_at": timezone.now()}
    finally:
        spent = {"pushes": F("pushes") + 1, "push_seconds": F("push_seconds") + (perf_counter() - started)}
        Mirror.objects.filter(pk=mirror.pk).update(**spent, **arrived)


def _settle(mirror: Mirror, changes: Sequence[Change], written: Written) -> None:
    _mark(mirror, written.tip, [(written.commits.get(change.name, ""), change.pk) for change in changes])


@transaction.atomic
def _mark(mirror: Mirror, tip: str, commits: Sequence[tuple[str, int]]) -> None:
    """Note, in one transaction, where the remote stands and what has arrived there, as (commit, primary key)."""
    if not commits and tip == mirror.tip:
        return
    now = timezone.now()
    with connection.cursor() as cursor:  # Many rows, each with a value of its own: the ORM would write a CASE for each.
        for start in range(0, len(commits), _AT_ONCE):
            cursor.executemany(
                'UPDATE gitsync_change SET settled_at = %s, "commit" = %s WHERE id = %s',
                [(connection.ops.adapt_datetimefield_value(now), *one) for one in commits[start : start + _AT_ONCE]],
            )
            watchdog.beat()
    mirror.tip = tip
    mirror.save(update_fields=["tip"])
