"""Doorbells: the worker's tasks carry no arguments and no logic, and may come twice, late or never."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import task_received, worker_init, worker_shutting_down

from gitsync import watchdog
from gitsync.errors import GitsyncError
from gitsync.outbox import wakeup
from gitsync.outbox.wakeup import MISSED_SECONDS
from gitsync.remote.git_remote import Remote
from gitsync.repository.process import stop_requested
from gitsync.sync import maintenance
from gitsync.sync.schedule import request_fetch, work_off
from gitsync.sync.sweep import watch

logger = logging.getLogger(__name__)

_heartbeat = watchdog.Heartbeat(wakeup.ring, wakeup.rung)


@shared_task
def drain() -> None:
    """Take what is pending to the remote; what may not go yet goes when its time has come."""
    with watchdog.at_work():
        seconds = work_off()
    if seconds is not None:
        watch.come_again(seconds)


@shared_task
def maintain() -> None:
    """Keep the clone and the default remote fast."""
    with watchdog.at_work():
        maintenance.maintain()


@shared_task
def look() -> None:
    """Look at the remote now: somebody has pushed."""
    request_fetch()
    drain()


@shared_task
def look_for_missed() -> None:
    """Look at the remote for a paste that was asked for, unless somebody has just looked."""
    request_fetch(at_most_every=MISSED_SECONDS)
    drain()


@worker_init.connect
def begin(**kwargs: Any) -> None:
    """Make the default remote, the key and the pins before the first drain needs them, and start the clock."""
    remote = Remote.configured()
    remote.prepare()
    try:
        remote.trust()
    except GitsyncError as error:
        logger.error("the mirror cannot be reached yet (%s): %s\n%s", error.code, error, error.advice)
    watch.start()
    _heartbeat.start()


@task_received.connect
def hear(**kwargs: Any) -> None:
    """Note that messages arrive."""
    _heartbeat.heard()


@worker_shutting_down.connect
def stop_draining(**kwargs: Any) -> None:
    """Give up what is running: the next worker starts where the remote stands."""
    stop_requested.set()
