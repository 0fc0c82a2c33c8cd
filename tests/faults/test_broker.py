"""The broker stops, freezes, loses its messages or restarts: pastes are still accepted and mirrored."""

import os
import signal
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import repository
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until
from tests.servers.redis import Redis

pytestmark = [pytest.mark.fault, pytest.mark.server, pytest.mark.alone]


def paste_many(site: Pasteur, count: int) -> list[str]:
    """Create this many pastes concurrently, and return their keys."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda number: site.paste(f"paste {number}\n"), range(count)))


def flush(redis: Redis) -> None:
    """Make Redis forget everything."""
    redis.execute("FLUSHALL")


def restart(redis: Redis) -> None:
    """Kill Redis, which stores nothing on disk, and start it again."""
    redis.kill()
    redis.start()


@pytest.mark.parametrize("forget", [flush, restart])
@pytest.mark.parametrize("pastes", [200, pytest.param(5_000, marks=pytest.mark.slow_fault)], ids=["some", "all"])
@pytest.mark.timeout(300)
def test_messages_lost_by_redis_lose_no_paste(redis: Redis, forget: Callable[[Redis], None], pastes: int) -> None:
    with Pasteur(CELERY_BROKER_URL=redis.url, CACHE_URL=redis.url) as site:
        site.wait_until_mirrored(site.paste("while all is well"))
        worker = site.children()["worker"]
        os.kill(worker, signal.SIGSTOP)
        keys = paste_many(site, pastes)
        forget(redis)
        os.kill(worker, signal.SIGCONT)

        site.wait_until_nothing_is_pending(60)

        found = repository.changes(site.mirror)
        assert sorted(found[1:]) == sorted(f"{key}.1" for key in keys)
        assert site.manage("resync_git", "--check").returncode == 0


@pytest.mark.parametrize("restarts", [3, pytest.param(20, marks=pytest.mark.slow_fault)], ids=["some", "all"])
@pytest.mark.timeout(600)
def test_redis_restarts_during_a_drain_and_the_worker_reconnects(redis: Redis, restarts: int) -> None:
    with Pasteur(CELERY_BROKER_URL=redis.url, CACHE_URL=redis.url) as site:
        keys = [site.paste("while all is well")]
        worker = site.children()["worker"]
        for _ in range(restarts):
            keys += paste_many(site, 20)
            restart(redis)
            keys += paste_many(site, 20)
            site.wait_until_mirrored(*keys[-40:], seconds=60)

        # Because of a message, and not only because of its own timer.
        wait_until(lambda: "cmd=brpop" in redis.execute("CLIENT", "LIST"), "the worker listens to Redis again", 60)
        assert site.children()["worker"] == worker
        assert sorted(repository.changes(site.mirror)) == sorted(f"{key}.1" for key in keys)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["stopped", "frozen"])
def test_without_redis_pastes_are_accepted_and_mirrored(redis: Redis, number: int) -> None:
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
