"""Records signs of life of the worker and the scheduler in the database, so that any web process can see them.

The scheduler has no access to the database, so the worker, which receives its messages, records its signs.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import Error, close_old_connections
from django.db.models import F

from gitsync import watchdog
from gitsync.models import ProgramSign
from gitsync.repository.process import stop_requested
from pastes.storage import clock

logger = logging.getLogger(__name__)

WORKER, SCHEDULER = "worker", "beat"
#: Seconds between two signs, and seconds without a sign after which a program counts as silent.
INTERVAL_SECONDS = 10.0
SILENT_SECONDS = 90.0
#: A worker that has run for this many seconds is well.
_WELL_SECONDS = 60.0
_loaded_at = monotonic()


class Signs:
    """A thread in the worker that records its own signs of life, even during long drains, and the scheduler's."""

    def __init__(self) -> None:
        self._scheduler_seen_at = -SILENT_SECONDS

    def start(self) -> None:
        """Record that a worker has started, and start the thread, which ends with the process."""
        _try(started)
        threading.Thread(target=self._run, name="signs", daemon=True).start()

    def scheduler_seen(self) -> None:
        """Record a message from the scheduler."""
        self._scheduler_seen_at = monotonic()

    def _run(self) -> None:
        started_at = monotonic()
        while not stop_requested.is_set():
            _try(lambda: seen(WORKER, is_well=monotonic() - started_at >= _WELL_SECONDS))
            # While both threads of the worker are busy, messages remain with the broker.
            if monotonic() - self._scheduler_seen_at < 2 * INTERVAL_SECONDS or watchdog.count_at_work() > 1:
                _try(lambda: seen(SCHEDULER))
            stop_requested.wait(INTERVAL_SECONDS)


def started() -> None:
    """Record the start of a worker. If the previous one was not stopped, count a failure."""
    if ProgramSign.objects.filter(name=WORKER, is_running=True).update(failures=F("failures") + 1):
        return
    for name in (WORKER, SCHEDULER):
        seen(name, is_well=False)


def seen(name: str, *, is_well: bool = True) -> None:
    """Record a program's sign of life."""
    changes: dict[str, Any] = {"seen_at": clock.Clock(), "is_running": True}
    if is_well:
        changes["failures"] = 0
    if not ProgramSign.objects.filter(name=name).update(**changes):
        ProgramSign.objects.get_or_create(name=name, defaults={"seen_at": clock.now(), "is_running": True})


def stopped() -> None:
    """Record that the worker was asked to stop."""
    _try(lambda: ProgramSign.objects.filter(name=WORKER).update(is_running=False, failures=0))


def failing() -> dict[str, str]:
    """Describe each program that keeps exiting or is silent.

    If a sign is in the future, the clock has been set back since, and the next sign is due within seconds.
    """
    rows = {row.name: row for row in ProgramSign.objects.all()}
    if WORKER not in rows:
        return {WORKER: "has not started"} if monotonic() - _loaded_at > SILENT_SECONDS else {}
    worker_seen_at, descriptions = rows[WORKER].seen_at, {}
    # The worker records the signs of the scheduler, and misses them while it is silent itself.
    for name, now in ((WORKER, clock.now()), (SCHEDULER, worker_seen_at)):
        row = rows.get(name)
        if row is None or WORKER in descriptions:
            break
        if abs(now - row.seen_at) > timedelta(seconds=SILENT_SECONDS):
            descriptions[name] = f"has shown no sign of life since {row.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        elif row.failures:
            times = "once" if row.failures == 1 else f"{row.failures} times in a row"
            descriptions[name] = f"has exited without being stopped, {times}"
    return descriptions


def _try(note: Callable[[], object]) -> None:
    """Write to the database. If that fails, the sign is missed; the cause is logged elsewhere."""
    close_old_connections()
    try:
        note()
    except Error as error:
        logger.debug("no sign of life: %s", error)
    finally:
        close_old_connections()


signs = Signs()
