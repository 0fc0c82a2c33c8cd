"""Rows 38 and 39: the broker stops or freezes. Pasting goes on at once, and the mirror goes on by itself."""

import signal
import statistics
import time

import pytest

from tests import repository
from tests.servers.pasteur import Pasteur
from tests.servers.redis import Redis

pytestmark = [pytest.mark.server, pytest.mark.alone]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["38_stopped", "39_frozen"])
def test_fault_without_redis_pastes_are_taken_and_mirrored(redis: Redis, number: int) -> None:
    with Pasteur(CELERY_BROKER_URL=redis.url, CACHE_URL=redis.url) as site:
        site.wait_until_mirrored(site.paste("while all is well"))
        redis.kill(number)
        seconds = []
        keys = []
        for count in range(100):
            started = time.monotonic()
            keys.append(site.paste(f"paste {count}\n"))
            seconds.append(time.monotonic() - started)

        site.wait_until_mirrored(*keys, seconds=60)

        assert statistics.quantiles(seconds, n=100)[98] <= 0.3
        assert len(repository.changes(site.mirror)) == 101
        redis.kill(signal.SIGCONT)
