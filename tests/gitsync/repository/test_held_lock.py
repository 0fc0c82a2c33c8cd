"""A lock that is held without progress is reported, along with the process that holds it."""

import os
import signal
import time
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from gitsync import watchdog
from gitsync.errors import BusyError, LockHeldError
from gitsync.models import Mirror
from gitsync.monitoring import mirror_status
from gitsync.repository import access
from gitsync.repository.access import with_clone
from gitsync.sync import schedule
from gitsync.sync.drain import drain
from tests import many
from tests.servers.process import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def hold(ready: Path, *, beats: bool) -> None:
    """Hold the lock forever, with or without signs of life."""

    def work(_: object) -> None:
        ready.touch()
        while True:
            time.sleep(0.05)
            if beats:
                watchdog.beat()

    with_clone(work)


def test_a_stopped_holder_is_reported_and_drains_continue_afterwards(
    remote: Path, settings: Settings, tmp_path: Path
) -> None:
    many.publish(1)
    pid = many.fork(lambda: hold(tmp_path / "ready", beats=False))
    try:
        wait_until((tmp_path / "ready").exists, "the lock is held")
        os.kill(pid, signal.SIGSTOP)
        assert schedule.work_off() is None
        assert not Mirror.objects.filter(error_code="lock_held").exists()
        lock = settings.GITSYNC_CLONE_DIR.with_suffix(".lock")
        os.utime(lock, (time.time() - 101, time.time() - 101))

        assert schedule.work_off() is None

        mirror = Mirror.objects.get(remote=str(remote))
        assert mirror.error_code == "lock_held"
        assert str(pid) in mirror.error
        assert mirror.retry_at is None
        with pytest.raises(LockHeldError, match=str(pid)):
            with_clone(lambda _: None)
    finally:
        os.kill(pid, signal.SIGCONT)
        many.kill(pid)

    assert schedule.work_off() is None

    assert Mirror.objects.get(remote=str(remote)).error_code == ""


def test_a_holder_that_makes_progress_is_only_busy(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "STALLED_SECONDS", 1.5)
    monkeypatch.setattr(watchdog, "_TOUCH_SECONDS", 0.1)
    pid = many.fork(lambda: hold(tmp_path / "ready", beats=True))
    try:
        wait_until((tmp_path / "ready").exists, "the lock is held")
        time.sleep(2)
        with pytest.raises(BusyError, match=f"pid {pid}") as busy:
            with_clone(lambda _: None)
    finally:
        many.kill(pid)

    assert not isinstance(busy.value, LockHeldError)


def test_a_stopped_single_worker_is_reported_by_the_web_process(
    remote: Path, settings: Settings, tmp_path: Path, client: Client
) -> None:
    drain()
    settings.PASTEUR_PROXIES = 0
    pid = many.fork(lambda: hold(tmp_path / "ready", beats=False))
    try:
        wait_until((tmp_path / "ready").exists, "the lock is held")
        os.kill(pid, signal.SIGSTOP)
        assert client.get("/readyz").json()["mirror_error"] == ""
        lock = settings.GITSYNC_CLONE_DIR.with_suffix(".lock")
        os.utime(lock, (time.time() - 101, time.time() - 101))

        assert client.get("/readyz").json()["mirror_error"] == "lock_held"
        status = mirror_status.of(Mirror.objects.get(remote=str(remote)))
        assert status.error_code == "lock_held"
        assert f"process {pid}" in status.error
        assert "kill -CONT" in status.advice
    finally:
        os.kill(pid, signal.SIGCONT)
        many.kill(pid)

    assert client.get("/readyz").json()["mirror_error"] == ""
