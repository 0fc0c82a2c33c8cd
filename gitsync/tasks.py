"""The worker: its Celery tasks, startup and shutdown.

Tasks have no arguments and no logic, and may be delivered twice, late or never.
"""

import logging
from typing import Any

from celery import shared_task
from celery.signals import task_received, worker_init, worker_shutting_down
from django.conf import settings

from gitsync import watchdog
from gitsync.errors import GitsyncError
from gitsync.monitoring.signs import signs, stopped
from gitsync.outbox import wakeup
from gitsync.remote.git_remote import Remote
from gitsync.repository.process import stop_requested
from gitsync.sync import maintenance
from gitsync.sync.schedule import request_fetch, work_off
from gitsync.sync.sweep import sweep

logger = logging.getLogger(__name__)

_watchdog = watchdog.Watchdog(wakeup.drain.request, wakeup.drain.count_sent)


@shared_task
def drain() -> None:
    """Drain now, or schedule a sweep for when the next push is due."""
    with watchdog.at_work():
        seconds = work_off()
    if seconds is not None:
        sweep.schedule(seconds)


@shared_task
def fetch() -> None:
    """Fetch new commits from the remote."""
    request_fetch()
    drain()


@shared_task
def fetch_missed() -> None:
    """Fetch because a requested paste is missing, unless the last fetch was very recent."""
    request_fetch(at_most_every=wakeup.MISSED_SECONDS)
    drain()


@shared_task
def maintain() -> None:
    """Run maintenance on the clone and the default remote, and verify the remote."""
    with watchdog.at_work():
        maintenance.maintain()
        maintenance.verify_if_due()


@worker_init.connect
def start(**kwargs: Any) -> None:
    """Create the default remote, derive the deploy key, pin host keys, and start the threads."""
    signs.start()
    remote = Remote.configured()
    remote.prepare()
    try:
        remote.trust()
    except GitsyncError as error:
        logger.error("the remote is not reachable yet (%s): %s\n%s", error.code, error, error.advice)
    sweep.start()
    _watchdog.start()


@task_received.connect
def message_received(request: Any, **kwargs: Any) -> None:
    """Record that the broker delivers messages, and that the scheduler's messages arrive."""
    _watchdog.message_received()
    if request.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}:
        signs.scheduler_seen()


@worker_shutting_down.connect
def request_stop(**kwargs: Any) -> None:
    """Abort the running drain; the next worker continues from the remote's tip."""
    stop_requested.set()
    stopped()
