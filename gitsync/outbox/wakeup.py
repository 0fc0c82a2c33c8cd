"""Wakes the worker, without ever making anybody wait for the broker.

A ring is only a hint: the row is the queue, and the periodic sweep finds what no ring announced. So rings that come
close together become one message, and one that cannot be sent is logged and forgotten.
"""

import logging
import os
import threading
import time

logger = logging.getLogger(__name__)

TASK = "gitsync.tasks.drain"
#: Seconds after which a message that nobody took is worth nothing: the sweep has been there.
MESSAGE_EXPIRES = 60
_COMPLAIN_EVERY = 60.0
#: Seconds after a message in which further rings become one; the first ring after a pause goes at once.
_PAUSE = 0.25
#: The least seconds between two looks at the remote for pastes that are not here.
MISSED_SECONDS = 10.0


class Doorbell:
    """A thread that sends messages, so that a broker which refuses, hangs or is slow costs the caller nothing."""

    def __init__(self, task: str, pause: float = _PAUSE) -> None:
        self._task = task
        self._pause = pause
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._pid = 0
        self._complained_at = -_COMPLAIN_EVERY
        #: How many messages the broker has taken.
        self.rung = 0

    def ring(self) -> None:
        """Ask for a drain soon; returns at once."""
        self._wanted.set()
        if self._pid != os.getpid():  # The thread of a parent process did not come along through fork().
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._pid != os.getpid():
                threading.Thread(target=self._run, name="doorbell", daemon=True).start()
                self._pid = os.getpid()

    def _run(self) -> None:
        from celery import current_app  # Celery is loaded by the first ring, not by every command.

        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                # By name: the task itself needs Git, which this process may do without.
                current_app.send_task(self._task, expires=MESSAGE_EXPIRES, retry=False, ignore_result=True)
                self.rung += 1
            except Exception as error:  # noqa: BLE001  (whatever the broker's library raises: the sweep delivers)
                self._complain(error)
            time.sleep(self._pause)

    def _complain(self, error: Exception) -> None:
        if time.monotonic() - self._complained_at >= _COMPLAIN_EVERY:
            self._complained_at = time.monotonic()
            logger.warning("the broker is out of reach, the periodic sweep has to do: %s", error)


#: Something is pending.
_doorbell = Doorbell(TASK)
ring = _doorbell.ring


def rung() -> int:
    """Return how many of the messages that something is pending the broker has taken from this process."""
    return _doorbell.rung


#: Somebody else has pushed.
ring_for_look = Doorbell("gitsync.tasks.look", pause=1.0).ring
#: Somebody asks for what is not here, which anybody can do at any rate.
ring_for_missed = Doorbell("gitsync.tasks.look_for_missed", pause=MISSED_SECONDS).ring
