"""Keeps the clone and the default remote fast and small, now and then, while nobody else writes to them."""

import logging
from time import perf_counter

from django.conf import settings

from gitsync.errors import BusyError, CloneBrokenError, GitsyncError
from gitsync.models import Mirror
from gitsync.remote import partial_clone
from gitsync.remote.git_remote import Remote
from gitsync.repository.lock import exclusive
from gitsync.repository.process import disk_errors
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)


def maintain() -> None:
    """Join packs, pack refs, and write down the shape of the history, at a cost of seconds for a million commits.

    Somebody who holds the writer's lock goes first; what cannot be done is logged, and done the next time.
    """
    started = perf_counter()
    try:
        with exclusive(settings.GITSYNC_CLONE_DIR.with_suffix(".lock")), disk_errors():
            _maintain()
    except BusyError:
        return
    except GitsyncError as error:
        logger.error("the clone cannot be maintained (%s): %s", error.code, error)
    else:
        logger.info("maintained seconds=%.3f", perf_counter() - started)


def _maintain() -> None:
    clone = Repository.open(settings.GITSYNC_CLONE_DIR)
    try:
        clone.maintain()
    except CloneBrokenError:
        clone.discard()  # It is a cache; the next drain makes it again.
        raise
    remote = Remote.configured()
    remote.maintain()
    if partial_clone.lacks_trees(
        clone
    ):  # Now there is time for it, and drains will not have to ask for each of them any more.
        remote.fetch(clone, Mirror.of(remote.address.url, remote.branch).tip, whole_tree=True)
