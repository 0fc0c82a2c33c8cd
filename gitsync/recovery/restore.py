"""Gives a database every paste back that the mirror has and it lacks. What is there already is left alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice

from django.db import IntegrityError, transaction

from gitsync.compare.key_buckets import shelves
from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.paste_history import expect, restore_one
from gitsync.inbound.path_history import Touch, Touches, sort
from gitsync.inbound.read_in import loose
from gitsync.models import Change, Mirror
from gitsync.progress import Progress, unwatched
from gitsync.remote import addresses, branches
from gitsync.remote.git_remote import Remote
from gitsync.repository import history
from gitsync.repository.access import temporary_clone
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository
from gitsync.sync.resync import LOCK_SECONDS
from pastes.errors import RefusedError
from pastes.lifecycle.erasing import are_purged
from pastes.models import Paste
from pastes.rules import keys

_AT_ONCE = 100


@dataclass
class Restored:
    """What came of it: how many pastes are back, how many were there, and why which were skipped, by key."""

    tip: str
    restored: int = 0
    present: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def restore(source: str = "", progress: Progress = unwatched) -> Restored:
    """Put back all pastes at the tip of a remote, by default the configured one, each with its changes.

    Raises GitsyncError.
    """
    remote = Remote.configured()
    if source:
        remote = remote.at(addresses.parse(source))
    with opened(remote) as (clone, tip, _):
        found = Restored(tip)
        if tip:
            told = history.folders(clone, tip)
            with sort(told, history.commit(clone, tip)) as touches, history.objects(clone) as objects:
                at_tip = _candidates(clone, tip)
                while some := list(islice(at_tip, _AT_ONCE)):
                    _restore_some(found, objects, some, touches, progress)
        if not source:
            row = Mirror.of(remote.address.url, remote.branch)
            if not next(loose(clone, tip), None):  # Otherwise, the first drain reads in what lies at the root.
                Mirror.objects.filter(pk=row.pk, tip=None).update(tip=tip)
        return found


@contextmanager
def opened(remote: Remote, *, or_obvious: bool = False) -> Iterator[tuple[Repository, str, str]]:
    """Fetch a branch, with all of its history and texts, into a clone that lives as long as the block.

    Yields the clone, the tip and the branch: with `or_obvious`, another one where the remote's is missing and it is
    clear which is meant. A repository without any branch has no tip. Raises BranchMissingError.
    """
    with temporary_clone("history.git", wait=LOCK_SECONDS) as clone:
        tip = remote.fetch_all(clone)
        there = branches.of(remote, clone) if not tip else None
        if there and there.names:
            if not or_obvious or not there.obvious:
                raise there.without(remote.branch)
            remote = replace(remote, branch=there.obvious)
            tip = remote.fetch_all(clone)
        yield clone, tip, remote.branch


def _candidates(clone: Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Yield key and folder of what is meant to be a paste; what begins with another letter is nobody's business."""
    for letters, shelf in shelves(clone, tip):
        if letters[0] in keys.ALPHABET:
            yield from shelf.items()


def _restore_some(
    found: Restored, objects: Objects, some: Sequence[tuple[str, str]], touches: Touches, progress: Progress
) -> None:
    purged = are_purged(key for key, _ in some)
    known = purged.union(Paste.objects.filter(key__in=[key for key, _ in some]).values_list("key", flat=True))
    changed = set(Change.objects.filter(key__in=[key for key, _ in some]).values_list("key", flat=True))
    new = [(key, oid, touches.of(key)) for key, oid in some if key not in known]
    found.present += len(some) - len(new)
    expect(objects, ((oid, told) for _, oid, told in new))
    with transaction.atomic():
        for key, oid, told in new:
            _try(found, objects, key, oid, told, may_have_changes=key in changed)
    progress(len(some))


def _try(
    found: Restored, objects: Objects, key: str, oid: str, touches: Sequence[Touch], *, may_have_changes: bool
) -> None:
    try:
        with transaction.atomic():
            restore_one(objects, key, oid, touches, may_have_changes=may_have_changes)
        found.restored += 1
    except IntegrityError:
        found.present += 1  # Somebody else has just put it there.
    except DamagedError as damaged:
        found.skipped[key] = str(damaged)
    except RefusedError as refused:
        found.skipped[key] = refused.message
