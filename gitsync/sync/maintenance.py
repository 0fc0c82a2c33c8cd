"""Keeps the clone and the default remote fast and small, while no other process writes to them."""

import logging
from pathlib import Path
from time import perf_counter

from django.utils import timezone

from gitsync.errors import BusyError, GitsyncError, MisconfiguredError
from gitsync.models import Mirror, seconds_until
from gitsync.remote import partial_clone
from gitsync.remote.git_remote import Remote
from gitsync.repository import housekeeping
from gitsync.repository.access import with_clone
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)

#: Seconds between two full verifications of a remote on this machine.
VERIFY_SECONDS = 86_400.0
_LOCK_SECONDS = 150.0


def maintain() -> None:
    """Merge packs, pack refs, and write the commit graph, which takes a few seconds for a million commits.

    Do nothing if another process holds the writer's lock. Errors are logged, and the next call tries again.
    """
    started = perf_counter()
    try:
        with_clone(_maintain)
    except BusyError:
        return
    except GitsyncError as error:
        logger.error("maintenance failed (%s): %s", error.code, error)
    else:
        logger.info("maintained seconds=%.3f", perf_counter() - started)


def _maintain(clone: Repository) -> None:
    housekeeping.maintain(clone)
    remote = Remote.configured()
    remote.maintain()
    if partial_clone.lacks_trees(clone):  # There is time now, and it saves drains from fetching each tree.
        remote.fetch(clone, Mirror.of(remote.address.url, remote.branch).tip, whole_tree=True)


def verify_if_due() -> None:
    """Verify the remote once a day, and during the next maintenance after a restore. Errors are logged."""
    try:
        remote = Remote.configured()
        mirror = Mirror.of(remote.address.url, remote.branch)
        if seconds_until(mirror.verified_at, VERIFY_SECONDS) <= 0:
            verify()
    except GitsyncError as error:
        logger.error("the remote cannot be verified (%s): %s", error.code, error)


def verify() -> str:
    """Read all objects of a remote on this machine; record and return the damage, or an empty string.

    If there seems to be damage, read again under the writer's lock, since a drain may have merged packs in the
    meantime. A remote over a network verifies objects itself when sending them. Raises GitsyncError.
    """
    remote = Remote.configured()
    if remote.address.is_network or not Path(remote.address.url).is_dir():
        return ""
    repository = Repository(Path(remote.address.url))
    damage = housekeeping.damage(repository)
    if damage:
        damage = with_clone(lambda _: housekeeping.damage(repository), wait=_LOCK_SECONDS)
    mirror = Mirror.of(remote.address.url, remote.branch)
    Mirror.objects.filter(pk=mirror.pk).update(verified_at=timezone.now(), damage=damage)
    if damage:
        logger.error("the remote is damaged: %s", damage)
    return damage


def rebuild_remote() -> Path:
    """Replace the default remote with an empty one, and return the path that the old one was moved to.

    The next drain or resync fills it from the database. Raises GitsyncError.
    """
    remote = Remote.configured()
    if not remote.local:
        raise MisconfiguredError("only the default remote can be rebuilt; GITSYNC_REMOTE is set to a different one")
    path = Path(remote.address.url)
    former = path.with_name(f"{path.name}.damaged-{timezone.now():%Y%m%d-%H%M%S}")

    def replace(clone: Repository) -> None:
        if path.exists():  # In a second run, on a new clone, it has already been moved.
            path.rename(former)
        clone.recreate()
        remote.prepare()

    with_clone(replace, wait=_LOCK_SECONDS)
    Mirror.objects.filter(remote=remote.address.url, branch=remote.branch).update(damage="", verified_at=None)
    return former
