"""Brings the mirror to the state of the database: differences go into the outbox, and drains push them."""

from collections.abc import Callable, Iterable, Sequence
from time import sleep

from django.db import transaction

from gitsync.compare.differences import Comparison, compare
from gitsync.errors import GitsyncError, PartlyRefusedError, PastesChangedError, RemoteMovedError, TooSoonError
from gitsync.format import tree
from gitsync.inbound.removals import Removals
from gitsync.models import Change, Kind, Mirror
from gitsync.monitoring.drain_report import recording
from gitsync.outbox import outbox
from gitsync.progress import Progress, unwatched
from gitsync.purge.requests import is_any_due
from gitsync.remote import addresses, partial_clone
from gitsync.remote.git_remote import PUSH_SECONDS, Remote
from gitsync.repository.access import Result, with_clone
from gitsync.repository.repository import Repository
from gitsync.sync.catch_up import catch_up
from gitsync.sync.drain import drain
from pastes.models import Paste

#: A worker may hold the lock for one push.
LOCK_SECONDS = PUSH_SECONDS + 30
#: This many pastes may be removed from Git at once without --prune, or one in a hundred if that is more.
PRUNE_LIMIT = 100
_CHANGES_PER_TRANSACTION = 200


class TooManyRemovalsError(GitsyncError):
    """A resync would remove suspiciously many pastes from Git."""

    code = "prune"
    advice = "Check that DATABASE_URL is the right database. To remove the pastes nevertheless, add --prune."


def look(progress: Progress = unwatched) -> Comparison:
    """Compare the database with the tip of the remote. Changes nothing but the local clone."""
    return _at_tip(lambda clone, tip: compare(clone, tip, progress), whole_tree=True)


def read_in(removals: Removals) -> str:
    """Read in what others pushed, with a decision about removals, and return the tip. Raises GitsyncError."""
    with recording() as report:

        def read(clone: Repository, tip: str) -> str:
            report.begin(mirror := _mirror())
            catch_up(mirror, clone, tip, removals)
            report.tip = tip
            return tip

        return _at_tip(read)


def in_git(keys: Iterable[str]) -> set[str]:
    """Return which of these pastes the branch has or ever had; missing old history is fetched.

    Raises GitsyncError.
    """

    def find(clone: Repository, tip: str) -> set[str]:
        if partial_clone.is_shallow(clone):
            tip = Remote.configured().unshallow(clone)
        options = ("--full-history", "--max-count=1", tip, "--")
        return {key for key in keys if tip and clone.ask("rev-list", *options, tree.folder(key))}

    return _at_tip(find)


def enqueue(*, prune: bool = False, adopt: bool = False, progress: Progress = unwatched) -> Comparison:
    """Put all differences into the outbox, and return them.

    Raises TooManyRemovalsError, and changes nothing, if more than PRUNE_LIMIT pastes and one in a hundred would be
    removed from Git and `prune` is not set; UnrelatedError or BranchRenamedError if the remote is another one and
    `adopt` is not set.
    """

    def compare_and_enqueue(clone: Repository, tip: str) -> Comparison:
        catch_up(_mirror(), clone, tip, None, adopt=adopt)  # The database wins here, not Git.
        comparison = compare(clone, tip, progress)
        in_git = comparison.pastes - len(comparison.missing) + len(comparison.extra)
        if not prune and len(comparison.extra) > max(PRUNE_LIMIT, in_git // 100):
            raise TooManyRemovalsError(f"{len(comparison.extra)} of {in_git} pastes would be removed from Git")
        _enqueue([*comparison.missing, *comparison.differs], _restore)
        _enqueue(comparison.extra, lambda key: outbox.add(key, Kind.REMOVE, None))
        return comparison

    return _at_tip(compare_and_enqueue, whole_tree=True)


def deliver(progress: Progress, report_pause: Callable[[float], None]) -> None:
    """Drain until nothing is pending and no purge is due, at most once per GITSYNC_PUSH_INTERVAL.

    `report_pause` gets the seconds of each pause. A failed purge waits for its retry. Raises GitsyncError.
    """
    while Change.objects.pending().exists() or is_any_due():
        seconds = _mirror().seconds_until_push(addresses.push_interval())
        if seconds > 0:
            report_pause(seconds)
            sleep(seconds)
        try:
            drain(progress=progress, wait_for_lock=LOCK_SECONDS)
        except (RemoteMovedError, TooSoonError, PartlyRefusedError, PastesChangedError):
            continue  # Another writer was first, or the search for a rejected change goes on.


def _enqueue(keys: Sequence[str], add: Callable[[str], object]) -> None:
    """Add a change for each key, many per transaction, which saves waiting for the disk each time."""
    for start in range(0, len(keys), _CHANGES_PER_TRANSACTION):
        with transaction.atomic():
            for key in keys[start : start + _CHANGES_PER_TRANSACTION]:
                add(key)


def _restore(key: str) -> None:
    paste = Paste.objects.select_for_update().get(key=key)
    is_known = Change.objects.filter(key=key).exists()
    outbox.add(key, Kind.RESTORE if is_known else Kind.PUBLISH, paste.head)


def _mirror() -> Mirror:
    remote = Remote.configured()
    return Mirror.of(remote.address.url, remote.branch)


def _at_tip(operation: Callable[[Repository, str], Result], *, whole_tree: bool = False) -> Result:
    """Fetch, and run an operation on the clone with the remote's tip. Raises GitsyncError."""

    def fetch_and_run(clone: Repository) -> Result:
        remote = Remote.configured()
        row = Mirror.objects.filter(remote=remote.address.url, branch=remote.branch).first()
        return operation(clone, remote.fetch(clone, row.tip if row else None, whole_tree=whole_tree))

    return with_clone(fetch_and_run, wait=LOCK_SECONDS)
