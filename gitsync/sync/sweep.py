"""Polls the outbox regularly, in case a wake-up message is lost."""

import logging
import threading

from django.db import close_old_connections

from gitsync import watchdog
from gitsync.repository.process import stop_requested
from gitsync.sync.schedule import work_off

logger = logging.getLogger(__name__)

#: Seconds between two sweeps.
SWEEP_SECONDS = 10.0


class Sweep:
    """A thread that drains periodically, and as soon as a drain that had to wait may continue."""

    def __init__(self) -> None:
        self._rescheduled = threading.Event()
        self._seconds = SWEEP_SECONDS

    def start(self) -> None:
        """Start the thread, which ends with the process."""
        threading.Thread(target=self._run, name="sweep", daemon=True).start()

    def schedule(self, seconds: float) -> None:
        """Check the outbox in `seconds`, or in the next regular sweep if that is sooner."""
        self._seconds = min(seconds, SWEEP_SECONDS)
        self._rescheduled.set()

    def _run(self) -> None:
        with watchdog.at_work():
            while not stop_requested.is_set():
                watchdog.beat()
                if self._rescheduled.wait(self._seconds):
                    self._rescheduled.clear()  # Wait for the new time instead.
                    continue
                self._seconds = SWEEP_SECONDS
                self._sweep()

    def _sweep(self) -> None:
        close_old_connections()
        try:
            seconds = work_off()
        except Exception:  # The thread must survive every error, such as a database outage.
            logger.exception("the sweep failed; the next one is in %.0f s", SWEEP_SECONDS)
        else:
            if seconds is not None:
                self._seconds = min(seconds, SWEEP_SECONDS)
        finally:
            close_old_connections()


sweep = Sweep()
