"""Brings the mirror to the state of the database: what differs goes into the outbox, and drains do the rest."""

from collections.abc import Callable, Iterable, Sequence
from time import sleep

from django.db import transaction

from gitsync.compare.differences import Comparison, compare
from gitsync.errors import GitsyncError, OutdatedError, PartlyRefusedError, RemoteMovedError, TooSoonError
from gitsync.format import tree
from gitsync.inbound.removals import Removals
from gitsync.models import Change, Kind, Mirror
from gitsync.monitoring.drain_report import account
from gitsync.outbox import outbox
from gitsync.progress import Progress, unwatched
from gitsync.purge.requests import is_any_due
from gitsync.remote import addresses, partial_clone
from gitsync.remote.git_remote import PUSH_SECONDS, Remote
from gitsync.repository.access import Result, with_clone
from gitsync.repository.repository import Repository
from gitsync.sync import drain as draining
from pastes.models import Paste

#: As long as a worker may hold the lock for one push, and then some.
LOCK_SECONDS = PUSH_SECONDS + 30
#: So many pastes may always be taken out of Git at once; beyond that, one in a hundred.
PRUNE_FREELY = 100
_AT_ONCE = 200


class TooManyRemovalsError(GitsyncError):
    """Bringing the mirror to the database's state would remove more pastes than anybody is likely to want."""

    code = "prune"
    advice = "Check that DATABASE_URL is the right database; when the pastes shall really go, add --prune."


def look(progress: Progress = unwatched) -> Comparison:
    """Return how the database and the tip of the remote differ. Changes nothing but the local clone."""
    return _at_tip(lambda clone, tip: compare(clone, tip, progress), whole_tree=True)


def read_in(removals: Removals) -> str:
    """Read in what others have pushed, deciding about removals, and return the tip. Raises GitsyncError."""
    with account() as done:

        def catch_up(clone: Repository, tip: str) -> str:
            done.begin(mirror := _mirror())
            draining.catch_up(mirror, clone, tip, removals)
            done.tip = tip
            return tip

        return _at_tip(catch_up)


def in_git(keys: Iterable[str]) -> set[str]:
    """Return which of these pastes the branch has or has ever had; old history that is missing is fetched for that.

    Raises GitsyncError.
    """

    def find(clone: Repository, tip: str) -> set[str]:
        if partial_clone.is_shallow(clone):
            tip = Remote.configured().unshallow(clone)
        options = ("--full-history", "--max-count=1", tip, "--")
        return {key for key in keys if tip and clone.ask("rev-list", *options, tree.folder(key))}

    return _at_tip(find)


def enqueue(*, prune: bool = False, progress: Progress = unwatched) -> Comparison:
    """Put everything that differs into the outbox and return what differed.

    Raises TooManyRemovalsError, and changes nothing, when more than one in a hundred pastes (100 are always allowed)
    would go from Git and `prune` is not set.
    """

    def compare_and_enqueue(clone: Repository, tip: str) -> Comparison:
        draining.catch_up(_mirror(), clone, tip, None)  # The database is right here, not Git.
        found = compare(clone, tip, progress)
        in_git = found.pastes - len(found.missing) + len(found.extra)
        if not prune and len(found.extra) > max(PRUNE_FREELY, in_git // 100):
            raise TooManyRemovalsError(f"{len(found.extra)} of {in_git} pastes would be removed from Git")
        _enqueue([*found.missing, *found.differs], _restore)
        _enqueue(found.extra, lambda key: outbox.add(key, Kind.REMOVE, None))
        return found

    return _at_tip(compare_and_enqueue, whole_tree=True)


def deliver(progress: Progress, waiting: Callable[[float], None]) -> None:
    """Drain until nothing is pending or waits for being purged, never more often than GITSYNC_PUSH_INTERVAL allows.

    `waiting` is told the seconds before each pause. A purge that fails waits in its row. Raises GitsyncError.
    """
    while Change.objects.pending().exists() or is_any_due():
        seconds = _mirror().seconds_until_push(addresses.push_interval())
        if seconds > 0:
            waiting(seconds)
            sleep(seconds)
        try:
            draining.drain(progress=progress, wait_for_lock=LOCK_SECONDS)
        except (RemoteMovedError, TooSoonError, PartlyRefusedError, OutdatedError):
            continue  # Somebody else was first, or one change is looked for; the next round starts from there.


def _enqueue(keys: Sequence[str], add: Callable[[str], object]) -> None:
    """Add a change for each key, many in one transaction, so that the disk is waited for once for all of them."""
    for start in range(0, len(keys), _AT_ONCE):
        with transaction.atomic():
            for key in keys[start : start + _AT_ONCE]:
                add(key)


def _restore(key: str) -> None:
    paste = Paste.objects.select_for_update().get(key=key)
    is_known = Change.objects.filter(key=key).exists()
    outbox.add(key, Kind.RESTORE if is_known else Kind.PUBLISH, paste.head)


def _mirror() -> Mirror:
    remote = Remote.configured()
    return Mirror.of(remote.address.url, remote.branch)


def _at_tip(operation: Callable[[Repository, str], Result], *, whole_tree: bool = False) -> Result:
    """Run an operation on the clone with the remote's tip, which is fetched before. Raises GitsyncError."""

    def fetch_and_run(clone: Repository) -> Result:
        remote = Remote.configured()
        row = Mirror.objects.filter(remote=remote.address.url, branch=remote.branch).first()
        return operation(clone, remote.fetch(clone, row.tip if row else None, whole_tree=whole_tree))

    return with_clone(fetch_and_run, wait=LOCK_SECONDS)
