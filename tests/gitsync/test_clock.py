"""A clock that was set back, or differs from another host's, stops nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from gitsync.models import Change, Mirror, Purge
from gitsync.sync import schedule
from gitsync.sync.drain import drain
from pastes.limits import counters
from pastes.limits.rates import Rate
from tests import many

pytestmark = pytest.mark.django_db(transaction=True)


def test_times_an_hour_ahead_stop_no_push(remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 30.0
    drain()
    ahead = timezone.now() + timedelta(hours=1)
    Mirror.objects.update(pushed_at=ahead, retry_at=ahead, fetched_at=ahead, failures=1)
    many.publish(1)

    assert schedule.work_off() is None

    assert not Change.objects.pending().exists()


def test_a_retry_of_a_purge_an_hour_ahead_is_due() -> None:
    now = timezone.now()

    assert Purge(tries=1, retry_at=now + timedelta(hours=1)).is_due
    assert not Purge(tries=1, retry_at=now + timedelta(minutes=4)).is_due


def test_a_rate_limit_locks_no_caller_out_after_the_clock_was_set_back(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    clock = [10_000.0]
    monkeypatch.setattr("pastes.limits.counters.time.time", lambda: clock[0])
    table = counters._Table()
    rate = Rate(2, 10, 2)
    while table.charge("x", rate.interval, rate.interval * rate.burst) <= 0:
        pass
    clock[0] = 1_000.0

    assert table.charge("x", rate.interval, rate.interval * rate.burst) == pytest.approx(rate.interval)
    clock[0] += rate.interval
    assert table.charge("x", rate.interval, rate.interval * rate.burst) == pytest.approx(0, abs=1e-5)
