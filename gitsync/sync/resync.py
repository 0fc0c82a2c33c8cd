"""Makes the mirror match the database: differences are added to the outbox, and drains push them."""

from collections.abc import Callable, Iterable, Sequence
from time import sleep

from django.db import transaction

from gitsync.compare.differences import Comparison, compare
from gitsync.errors import (
    GitsyncError,
    PartlyRefusedError,
    PastesChangedError,
    RemoteMovedError,
    RemoteTimeoutError,
    RemoteUnreachableError,
    TooSoonError,
)
from gitsync.format import tree
from gitsync.inbound import newer_revisions
from gitsync.inbound.removals import Removals
from gitsync.models import Change, Kind, Mirror, Purge
from gitsync.monitoring.drain_report import recording
from gitsync.outbox import outbox
from gitsync.progress import Progress, unwatched
from gitsync.purge.requests import is_any_due
from gitsync.remote import addresses, partial_clone
from gitsync.remote.git_remote import PUSH_SECONDS, Remote
from gitsync.repository.access import Result, with_clone
from gitsync.repository.repository import Repository
from gitsync.sync.catch_up import catch_up, check
from gitsync.sync.drain import drain
from pastes.models import Paste, Tombstone

#: A worker may hold the lock for the duration of one push.
LOCK_SECONDS = PUSH_SECONDS + 30
_CHANGES_PER_TRANSACTION = 200
_KEYS_PER_QUERY = 500
#: The number of seconds to pause if another writer was first.
_MOVED_SECONDS = 1.0


class PruneError(GitsyncError):
    """A resync would remove pastes that are only in Git."""

    code = "prune"
    advice = (
        "Check that DATABASE_URL is the right database. Run `./manage.py restore_from_git` to bring what only "
        "Git has into the database; to remove it from the tip of the branch instead, run "
        "`./manage.py resync_git --prune`."
    )


def look(progress: Progress = unwatched) -> Comparison:
    """Compare the database with the tip of the remote. Nothing is changed except the local clone."""
    return _at_tip(lambda clone, tip: compare(clone, tip, progress), whole_tree=True)


def import_pushed(removals: Removals) -> str:
    """Import what others pushed, applying a decision about removals, and return the tip. Raises GitsyncError."""
    with recording() as report:

        def read(clone: Repository, tip: str) -> str:
            check(_mirror_row(), clone, tip, removals)
            report.begin(mirror := _mirror())
            catch_up(mirror, clone, tip, removals)
            report.tip = tip
            return tip

        return _at_tip(read)


def in_git(keys: Iterable[str]) -> set[str]:
    """Return those of these pastes that are or ever were on the branch. Missing old history is fetched.

    Raises GitsyncError.
    """

    def find(clone: Repository, tip: str) -> set[str]:
        if partial_clone.is_shallow(clone):
            tip = Remote.configured().unshallow(clone)
        options = ("--full-history", "--max-count=1", tip, "--")
        return {key for key in keys if tip and clone.ask("rev-list", *options, tree.folder(key))}

    return _at_tip(find)


def enqueue(*, prune: bool = False, adopt: bool = False, progress: Progress = unwatched) -> Comparison:
    """Add all differences to the outbox, and return them.

    Raise PruneError if Git has pastes that were never in the database and `prune` is false. Raise UnrelatedError or
    BranchRenamedError if the remote is a different one and `adopt` is false. In these cases, nothing is changed.
    """

    def compare_and_enqueue(clone: Repository, tip: str) -> Comparison:
        check(_mirror_row(), clone, tip, None, adopt=adopt)
        comparison = compare(clone, tip, progress)
        unknown = _never_stored(comparison.extra)
        if not prune:
            _refuse_losses(unknown, newer_revisions.find(clone, tip, comparison.differs))
        mirror = _mirror()
        if mirror.tip != tip:
            catch_up(mirror, clone, tip, None, adopt=adopt)  # The database wins here, not Git.
            comparison = compare(clone, tip)
            unknown = _never_stored(comparison.extra)
        _enqueue([*comparison.missing, *comparison.differs], _restore)
        kinds = dict.fromkeys(comparison.extra, Kind.REMOVE) | dict.fromkeys(unknown, Kind.PRUNE)
        _enqueue(comparison.extra, lambda key: outbox.add(key, kinds[key], None))
        return comparison

    return _at_tip(compare_and_enqueue, whole_tree=True)


def deliver(progress: Progress, report_pause: Callable[[float], None]) -> None:
    """Drain until nothing is pending and no purge is due, at most once per GITSYNC_PUSH_INTERVAL.

    `report_pause` is called with the seconds of each pause. A failed purge waits for its retry. Raises GitsyncError.
    """
    size = _mirror().batch_bytes
    while Change.objects.pending().exists() or is_any_due():
        seconds = _mirror().seconds_until_push(addresses.push_interval())
        if seconds > 0:
            report_pause(seconds)
            sleep(seconds)
        try:
            drain(progress=progress, wait_for_lock=LOCK_SECONDS)
        except (RemoteMovedError, TooSoonError):
            sleep(_MOVED_SECONDS)  # Another writer was first.
        except (PartlyRefusedError, PastesChangedError):
            continue  # The search for a rejected change continues, or the commits are recreated.
        except (RemoteTimeoutError, RemoteUnreachableError):
            size, previous = _mirror().batch_bytes, size
            if size is None or size == previous:
                raise  # A smaller push would not help either.


def _refuse_losses(unknown: Sequence[str], newer: Sequence[str]) -> None:
    counts = (unknown, "are only in Git"), (newer, "have newer revisions in Git than in the database")
    losses = [f"{len(keys)} pastes {what}" for keys, what in counts if keys]
    if losses:
        raise PruneError(f"{' and '.join(losses)}; nothing was changed")


def _never_stored(keys: Sequence[str]) -> list[str]:
    """Return the keys that were never in the database."""
    unknown: list[str] = []
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        batch = keys[start : start + _KEYS_PER_QUERY]
        stored = set[str]()
        for rows in (Paste.objects, Tombstone.objects, Purge.objects, Change.objects.exclude(kind=Kind.PRUNE)):
            stored |= set(rows.filter(key__in=batch).values_list("key", flat=True))
        unknown += [key for key in batch if key not in stored]
    return unknown


def _enqueue(keys: Sequence[str], add: Callable[[str], object]) -> None:
    """Add a change for each key, many per transaction to avoid waiting for the disk each time."""
    for start in range(0, len(keys), _CHANGES_PER_TRANSACTION):
        with transaction.atomic():
            for key in keys[start : start + _CHANGES_PER_TRANSACTION]:
                add(key)


def _restore(key: str) -> None:
    paste = Paste.objects.select_for_update().get(key=key)
    is_known = Change.objects.filter(key=key).exists()
    outbox.add(key, Kind.RESTORE if is_known else Kind.PUBLISH, paste.head)


def _mirror_row() -> Mirror:
    """Return the row of the configured branch, or one that is not stored yet."""
    remote = Remote.configured()
    fields = {"remote": remote.address.url, "branch": remote.branch}
    return Mirror.objects.filter(**fields).first() or Mirror(**fields)


def _mirror() -> Mirror:
    remote = Remote.configured()
    return Mirror.of(remote.address.url, remote.branch)


def _at_tip(operation: Callable[[Repository, str], Result], *, whole_tree: bool = False) -> Result:
    """Fetch, then run an operation on the clone with the remote's tip. Raises GitsyncError."""

    def fetch_and_run(clone: Repository) -> Result:
        remote = Remote.configured()
        return operation(clone, remote.fetch(clone, _mirror_row().tip, whole_tree=whole_tree))

    return with_clone(fetch_and_run, wait=LOCK_SECONDS)
