"""Requests of moderators: none is lost, whatever happens while another one is carried out."""

from pathlib import Path

import pytest

from gitsync.errors import BusyError, RemoteMovedError, RemoteTimeoutError
from gitsync.models import Mirror
from gitsync.remote.git_remote import Remote
from gitsync.repository.process import stop_requested
from gitsync.sync import admin_requests, schedule
from gitsync.sync.drain import drain
from tests import many

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_a_request_that_comes_during_a_fetch_is_carried_out_next(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drain()
    fetch = Remote.fetch

    def fetch_and_request(self: Remote, *arguments: object, **options: object) -> str:
        Mirror.objects.update(fetch_requested=True, check_requested=True)
        return fetch(self, *arguments, **options)  # type: ignore[arg-type]

    Mirror.objects.update(fetch_requested=True)
    with monkeypatch.context() as patched:
        patched.setattr(Remote, "fetch", fetch_and_request)
        admin_requests.run()
    mirror = Mirror.objects.get()
    assert (mirror.fetch_requested, mirror.check_requested, mirror.checked_at) == (True, True, None)

    admin_requests.run()

    mirror = Mirror.objects.get()
    assert (mirror.fetch_requested, mirror.check_requested) == (False, False)
    assert "no difference" in mirror.check_result


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_request_stays_while_the_clone_is_busy_or_the_worker_stops(
    remote: Path, monkeypatch: pytest.MonkeyPatch, is_stopped: bool
) -> None:
    drain()
    Mirror.objects.update(check_requested=True)

    def fail() -> None:
        if not is_stopped:
            raise BusyError("another process")
        stop_requested.set()
        raise RemoteTimeoutError("the worker was asked to stop")

    monkeypatch.setattr(admin_requests, "_check", fail)
    try:
        admin_requests.run()
    finally:
        stop_requested.clear()

    mirror = Mirror.objects.get()
    assert mirror.check_requested
    assert not mirror.check_result


def test_the_worker_pauses_when_the_remote_has_moved(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many.publish(1)
    calls = []

    def move() -> None:
        calls.append(1)
        raise RemoteMovedError("another writer pushed first")

    monkeypatch.setattr(schedule, "drain", move)

    seconds = schedule.work_off()

    assert len(calls) == 1
    assert seconds is not None
    assert 0.5 <= seconds <= 10
