"""Schedules drains: as soon as something is pending, at most once per GITSYNC_PUSH_INTERVAL, delayed after failures."""

import logging
import random
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from gitsync.errors import (
    BusyError,
    GitsyncError,
    LockHeldError,
    MisconfiguredError,
    PartlyRefusedError,
    PastesChangedError,
    RemoteMovedError,
    TooSoonError,
    as_gitsync_error,
)
from gitsync.models import FIRST_RETRY, LAST_RETRY, Change, Failure, Mirror, retry_delay
from gitsync.purge.requests import is_any_due
from gitsync.remote import addresses
from gitsync.remote.git_remote import Remote
from gitsync.repository.process import stop_requested
from gitsync.sync import admin_requests, bisect
from gitsync.sync.drain import drain

logger = logging.getLogger(__name__)

#: The number of seconds to pause if another writer was first.
_MOVED_SECONDS = 1.0


def work_off() -> float | None:
    """Drain until nothing is pending and no fetch is due; return the seconds until the next attempt, or None."""
    admin_requests.run()
    if corrected := Change.objects.bound_embargoes():
        logger.warning("the clock was set back: the embargo of %d changes is restarted", corrected)
    has_fetched = False
    while not stop_requested.is_set():
        is_pending = Change.objects.pending().exists() or is_any_due()
        try:
            remote = Remote.configured()
        except MisconfiguredError as error:
            if not is_pending:
                return None
            logger.error("the mirror's settings are invalid: %s", error)
            return LAST_RETRY
        mirror = Mirror.of(remote.address.url, remote.branch)
        is_pending = is_pending or bisect.is_retry_due(mirror)
        if not is_pending and (has_fetched or not mirror.is_fetch_due(addresses.fetch_interval())):
            return None
        until_push = mirror.seconds_until_push(addresses.push_interval())
        if (seconds := max(until_push, mirror.seconds_until_retry())) > 0:
            return seconds
        try:
            drain()
            _succeeded(mirror)
            has_fetched = True
        except LockHeldError as held:
            _report_held_lock(mirror, held)
            return None
        except BusyError:
            return None  # The process with the lock drains until nothing is pending.
        except (RemoteMovedError, TooSoonError) as late:
            logger.info("another writer was first: %s", late)
            mirror.refresh_from_db(fields=["pushed_at"])
            return max(_MOVED_SECONDS, mirror.seconds_until_push(addresses.push_interval()))
        except PastesChangedError as changed:
            logger.info("the commits are recreated: %s", changed)
        except PartlyRefusedError as refused:
            logger.warning("the remote rejects a change; the search continues: %s", refused)
            _report_search(mirror, refused)
        except GitsyncError as error:
            if not stop_requested.is_set():
                _failed(mirror, error)
        except Exception as error:  # The worker continues, and the mirror's status shows the error.
            logger.exception("a drain failed unexpectedly")
            connection.close_if_unusable_or_obsolete()
            if not stop_requested.is_set():
                _failed(mirror, as_gitsync_error(error))
    return None


def _succeeded(mirror: Mirror) -> None:
    """Clear the last failure; if the remote has been losing pushes, only once a push has persisted."""
    if mirror.is_losing_pushes and mirror.has_just_pushed:
        return
    if mirror.failures or mirror.error_code:
        Mirror.objects.filter(pk=mirror.pk).update(failures=0, retry_at=None, error_code="", error="")
    if mirror.lost_pushes and not mirror.has_just_pushed:
        Mirror.objects.filter(pk=mirror.pk).update(lost_pushes=0)


def _failed(mirror: Mirror, error: GitsyncError) -> None:
    """Record the failure and the time of the next attempt: after 10 s, doubling up to 5 min, with jitter."""
    failures = mirror.failures + 1
    delay = retry_delay(failures, FIRST_RETRY, LAST_RETRY) * random.uniform(0.8, 1.0)  # noqa: S311  (no secret)
    Mirror.objects.filter(pk=mirror.pk).update(
        failures=failures,
        retry_at=timezone.now() + timedelta(seconds=delay),
        error_code=error.code,
        error=str(error),
        fetched_at=None,  # The fetch may have failed, so it is requested again.
    )
    Failure.note(mirror, error.code)
    logger.error("the mirror is behind (%s, next try in %.0f s): %s\n%s", error.code, delay, error, error.advice)


def _report_search(mirror: Mirror, refused: PartlyRefusedError) -> None:
    """Show the search for a rejected change while it lasts, which may be minutes: each step takes one push."""
    rows = Mirror.objects.filter(pk=mirror.pk, failures=0)
    rows.update(error_code="", error="")
    rows.exclude(suspect_until=None).update(error_code=refused.code, error=str(refused))


def _report_held_lock(mirror: Mirror, error: LockHeldError) -> None:
    """Show the error until the next drain succeeds; the next sweep tries again without further delay."""
    if mirror.error_code != error.code:
        Failure.note(mirror, error.code)
        logger.error("the mirror is behind (%s): %s\n%s", error.code, error, error.advice)
    Mirror.objects.filter(pk=mirror.pk).update(
        failures=max(mirror.failures, 1), retry_at=None, error_code=error.code, error=str(error)
    )


def request_fetch(*, at_most_every: float = 0) -> None:
    """Make the next `work_off` fetch, unless the last fetch was less than `at_most_every` seconds ago."""
    now = timezone.now()
    latest = now - timedelta(seconds=at_most_every)
    # If the time is in the future, the clock has been set back since.
    Mirror.objects.filter(Q(fetched_at__lte=latest) | Q(fetched_at__gt=now)).update(fetched_at=None)
