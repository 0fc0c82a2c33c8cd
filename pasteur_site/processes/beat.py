"""Celery's scheduler, adapted to clocks that are set back."""

from typing import Any

from celery.beat import Scheduler
from celery.utils.log import get_logger

logger = get_logger(__name__)


class ClockScheduler(Scheduler):
    """A scheduler that keeps running periodic tasks at their intervals when the clock is set back.

    Celery schedules the next run relative to the time of the last one. Without the correction, nothing would be sent
    until the clock has reached that time again.
    """

    #: The maximum number of seconds between two checks of the clock.
    max_interval = 30

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send tasks that are due, and return the number of seconds until the next call."""
        now = self.app.now()
        early = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now]
        for entry in early:
            entry.last_run_at = now
        if early:
            logger.warning("the clock was set back; periodic tasks continue at their intervals from now on")
            self._heap = None
        seconds: float = super().tick(*args, **kwargs)
        return seconds
