"""The worker's own clock: it looks after the outbox even when no message comes, because the broker is down."""

import logging
import threading

from django.db import close_old_connections

from gitsync import watchdog
from gitsync.repository.process import stop_requested
from gitsync.sync.schedule import work_off

logger = logging.getLogger(__name__)

#: Seconds between two looks at the outbox when nothing rings.
SWEEP_SECONDS = 10.0


class Watch:
    """A thread that drains now and then, and at the moment at which a drain said that it may go on."""

    def __init__(self) -> None:
        self._come = threading.Event()
        self._seconds = SWEEP_SECONDS

    def start(self) -> None:
        """Start watching; the thread ends with the process."""
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def come_again(self, seconds: float) -> None:
        """Look at the outbox in so many seconds, or at the next sweep if that is sooner."""
        self._seconds = min(seconds, SWEEP_SECONDS)
        self._come.set()

    def _run(self) -> None:
        with watchdog.at_work():
            self._watch()

    def _watch(self) -> None:
        while not stop_requested.is_set():
            watchdog.beat()
            if self._come.wait(self._seconds):
                self._come.clear()  # Somebody named another time: wait for that one.
                continue
            self._seconds = SWEEP_SECONDS
            self._look()

    def _look(self) -> None:
        close_old_connections()
        try:
            seconds = work_off()
        except Exception:  # The thread has to outlive everything, such as a database that is away.
            logger.exception("could not look at the outbox; the next sweep tries again")
        else:
            if seconds is not None:
                self._seconds = min(seconds, SWEEP_SECONDS)
        finally:
            close_old_connections()


watch = Watch()
