"""Carries out requests made in the admin. Both the requests and their results are stored in the mirror's row."""

import logging

from django.db import connection
from django.utils import timezone

from gitsync.errors import BusyError, GitsyncError, MisconfiguredError, as_gitsync_error
from gitsync.models import Mirror
from gitsync.monitoring.drain_report import recording
from gitsync.remote.git_remote import Remote
from gitsync.repository.access import with_clone
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import Repository
from gitsync.sync import resync
from gitsync.sync.catch_up import catch_up

logger = logging.getLogger(__name__)


def run() -> None:
    """Carry out the requests for the configured remote; if another process has the lock, keep them for later."""
    if not Mirror.objects.with_requests().exists():
        return
    try:
        remote = Remote.configured()
    except MisconfiguredError:
        return  # The next drain reports the error.
    mirror = Mirror.objects.with_requests().filter(remote=remote.address.url, branch=remote.branch).first()
    if mirror is None:
        return
    # Cleared before the work, so that requests made in the meantime are kept.
    requested = {"fetch_requested": mirror.fetch_requested, "check_requested": mirror.check_requested}
    Mirror.objects.filter(pk=mirror.pk, **requested).update(fetch_requested=False, check_requested=False)
    try:
        if mirror.fetch_requested:
            _fetch(remote, mirror)
        if mirror.check_requested:
            _answer(mirror, _check())
    except GitsyncError as error:
        if isinstance(error, BusyError) or stop_requested.is_set():  # For later, or for the next worker.
            Mirror.objects.filter(pk=mirror.pk).update(**{name: True for name, value in requested.items() if value})
        else:
            _fail(mirror, error)
    except Exception as error:  # The next drain must be tried in any case.
        logger.exception("a request from the admin failed unexpectedly")
        connection.close_if_unusable_or_obsolete()
        _fail(mirror, as_gitsync_error(error))


def _fetch(remote: Remote, mirror: Mirror) -> None:
    with recording() as report:

        def fetch(clone: Repository) -> None:
            report.begin(mirror)
            tip = remote.fetch(clone, mirror.tip)
            catch_up(mirror, clone, tip)
            report.tip = tip

        with_clone(fetch)


def _check() -> str:
    """Return a summary of the differences between the database and the mirror."""
    comparison = resync.look()
    counts = [f"{len(keys)} {kind}" for kind, keys in comparison.by_kind().items() if keys]
    tip = comparison.tip[:10] or "an empty branch"
    return f"{comparison.pastes} pastes against {tip}: {', '.join(counts) or 'no difference'}"


def _fail(mirror: Mirror, error: GitsyncError) -> None:
    logger.error("a request from the admin failed (%s): %s", error.code, error)
    _answer(mirror, f"{error.code}: {error}\n{error.advice}")


def _answer(mirror: Mirror, text: str) -> None:
    Mirror.objects.filter(pk=mirror.pk).update(checked_at=timezone.now(), check_result=text)
