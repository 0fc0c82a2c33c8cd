"""Celery's scheduler, for clocks that are set back."""

from typing import Any

from celery.beat import Scheduler
from celery.utils.log import get_logger

logger = get_logger(__name__)


class ClockScheduler(Scheduler):
    """Starts periodic tasks at their intervals although the clock is set back.

    Celery plans the next run by the time of the last one. Without the correction, nothing would be sent until the clock
    has reached that time again.
    """

    #: Seconds between two looks at the clock at most.
    max_interval = 30

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and return the seconds until the next call."""
        now = self.app.now()
        early = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now]
        for entry in early:
            entry.last_run_at = now
        if early:
            logger.warning("the clock was set back; periodic tasks go on at their intervals from now")
            self._heap = None
        seconds: float = super().tick(*args, **kwargs)
        return seconds
