"""Keeps the clone and the default remote fast and small, while no other process writes to them."""

import logging
from time import perf_counter

from gitsync.errors import BusyError, GitsyncError
from gitsync.models import Mirror
from gitsync.remote import partial_clone
from gitsync.remote.git_remote import Remote
from gitsync.repository import housekeeping
from gitsync.repository.access import with_clone
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)


def maintain() -> None:
    """Join packs, pack refs, and write the commit graph: seconds of work for a million commits.

    Skipped while another process holds the writer's lock. Errors are logged; the next call tries again.
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
    if partial_clone.lacks_trees(clone):  # There is time for it now, and drains need no longer ask for each of them.
        remote.fetch(clone, Mirror.of(remote.address.url, remote.branch).tip, whole_tree=True)
