"""Wakes the worker without making the caller wait for the broker.

A message is only a hint: the rows are the queue, and the worker polls them every 10 seconds anyway. Requests in quick
succession are therefore combined into one message, and a failure to send it is logged and ignored.
"""

import logging
import os
import threading
import time

logger = logging.getLogger(__name__)

#: Seconds after which a message is obsolete, because the worker has polled in the meantime.
_MESSAGE_EXPIRES = 60
_WARNING_INTERVAL = 60.0
#: The minimum number of seconds between two fetches for pastes that are not in the database.
MISSED_SECONDS = 10.0


class WakeUp:
    """Sends a Celery task from a thread, so that an unavailable or slow broker never delays the caller.

    `pause` is the minimum number of seconds between two messages; the first request after a pause is sent immediately.
    """

    def __init__(self, task: str, *, pause: float) -> None:
        self._task, self._pause = task, pause
        self._requested = threading.Event()
        self._starting = threading.Lock()
        self._pid = 0
        self._warned_at = -_WARNING_INTERVAL
        self._sent = 0

    def request(self) -> None:
        """Send the message soon, and return immediately."""
        self._requested.set()
        with self._starting:
            if self._pid != os.getpid():  # fork() does not copy the thread of the parent process.
                threading.Thread(target=self._run, name="wake-up", daemon=True).start()
                self._pid = os.getpid()

    def count_sent(self) -> int:
        """Return the number of messages from this process that the broker has accepted."""
        return self._sent

    def _run(self) -> None:
        from celery import current_app  # Load Celery on the first request, not in every command.

        while True:
            self._requested.wait()
            self._requested.clear()
            try:
                # Sent by name, because the task's module needs Git, which a web process may not have.
                current_app.send_task(self._task, expires=_MESSAGE_EXPIRES, retry=False, ignore_result=True)
                self._sent += 1
            except Exception as error:  # noqa: BLE001  (the broker's library may raise anything; the worker polls anyway)
                if time.monotonic() - self._warned_at >= _WARNING_INTERVAL:
                    self._warned_at = time.monotonic()
                    logger.warning("the broker is unreachable; the worker polls every 10 s: %s", error)
            time.sleep(self._pause)


#: Something is pending.
drain = WakeUp("gitsync.tasks.drain", pause=0.25)
#: The remote has new commits.
fetch = WakeUp("gitsync.tasks.fetch", pause=1.0)
#: A missing paste was requested, which anonymous callers can do at any rate.
fetch_missed = WakeUp("gitsync.tasks.fetch_missed", pause=MISSED_SECONDS)
