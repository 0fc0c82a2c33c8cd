"""Keeps the clone and the default remote fast and small, now and then, while nobody else writes to them."""

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
    """Join packs, pack refs, and write down the shape of the history, at a cost of seconds for a million commits.

    Somebody who holds the writer's lock goes first; what cannot be done is logged, and done the next time.
    """
    started = perf_counter()
    try:
        with_clone(_maintain)
    except BusyError:
        return
    except GitsyncError as error:
        logger.error("the clone cannot be maintained (%s): %s", error.code, error)
    else:
        logger.info("maintained seconds=%.3f", perf_counter() - started)


def _maintain(clone: Repository) -> None:
    housekeeping.maintain(clone)
    remote = Remote.configured()
    remote.maintain()
    if partial_clone.lacks_trees(clone):  # There is time for it now, and drains need no longer ask for each of them.
        remote.fetch(clone, Mirror.of(remote.address.url, remote.branch).tip, whole_tree=True)
