"""Nothing stops if the clock was set back or differs from that of another host."""

import fcntl
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from gitsync.errors import LockHeldError
from gitsync.models import Change, Mirror, Purge, seconds_until
from gitsync.monitoring import mirror_status
from gitsync.purge import requests
from gitsync.repository.access import with_clone
from gitsync.repository.repository import Repository
from gitsync.sync import bisect, schedule
from gitsync.sync.drain import drain
from pastes.limits import counters
from pastes.limits.rates import Rate
from tests import many

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_times_an_hour_ahead_do_not_stop_pushes(
    remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 30.0
    drain()
    ahead = timezone.now() + timedelta(hours=1)
    Mirror.objects.update(pushed_at=ahead, retry_at=ahead, fetched_at=ahead, failures=1)
    many.publish(1)

    assert schedule.work_off() is None

    assert not Change.objects.pending().exists()


@pytest.mark.parametrize("ahead", [timedelta(minutes=7), timedelta(days=400)])
def test_a_purge_retry_that_is_further_ahead_than_its_interval_is_due(ahead: timedelta) -> None:
    now = timezone.now()
    Purge.objects.create(key="aaaaaaaaaa", requested_at=now, tries=1, retry_at=now + timedelta(minutes=4))
    assert not requests.is_any_due()

    Purge.objects.update(retry_at=now + timedelta(minutes=5) + ahead)

    assert requests.is_any_due()


@pytest.mark.parametrize("name", ["pushed_at", "retry_at", "fetched_at", "verified_at"])
@pytest.mark.parametrize("seconds", [3, 45, 3_600, 86_400 * 400])
def test_no_wait_is_longer_than_its_interval(name: str, seconds: int) -> None:
    mirror = Mirror(failures=2, **{name: timezone.now() + timedelta(seconds=seconds)})

    assert mirror.seconds_until_push(30.0) <= 30.0
    assert mirror.seconds_until_retry() <= 20.0
    assert seconds_until(mirror.verified_at, 86_400.0) <= 86_400.0
    assert mirror.is_fetch_due(30.0) or seconds <= 45


def test_a_clock_difference_is_logged_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitsync.models._skew_warned_at", None)

    for _ in range(3):
        seconds_until(timezone.now() + timedelta(hours=1), 30.0)

    assert [record.getMessage() for record in caplog.records] == [
        "the clock was set back, or those of two hosts differ: a stored time is 3600 s ahead"
    ]


def test_an_embargo_from_before_the_clock_was_set_back_is_restarted(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_EMBARGO = 600
    many.publish(1)
    year = timedelta(days=365)
    Change.objects.update(created_at=F("created_at") + year, embargoed_until=F("embargoed_until") + year)

    schedule.work_off()
    schedule.work_off()

    (change,) = Change.objects.all()
    assert change.embargoed_until
    assert timedelta(seconds=590) < change.embargoed_until - timezone.now() <= timedelta(seconds=600)


def test_an_embargo_is_not_changed_while_the_clock_is_right(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_EMBARGO = 600
    many.publish(1)
    before = Change.objects.get().embargoed_until

    schedule.work_off()

    assert Change.objects.get().embargoed_until == before


def test_a_rejected_change_is_retried_after_the_clock_was_set_back(remote: Path) -> None:
    many.publish(1)
    drain()
    mirror = Mirror.objects.get()
    many.publish(1)
    ahead = timezone.now() + timedelta(days=30)
    Change.objects.filter(settled_at=None).update(rejected_at=ahead, retry_at=ahead + timedelta(days=1))

    assert bisect.is_retry_due(mirror)


def test_changes_from_the_future_do_not_hide_the_age_of_later_ones() -> None:
    many.publish(2)
    first, second = Change.objects.order_by("pk")
    now = timezone.now()
    Change.objects.filter(pk=first.pk).update(created_at=now + timedelta(hours=1))
    Change.objects.filter(pk=second.pk).update(created_at=now - timedelta(seconds=90))

    assert 90 <= mirror_status.oldest_seconds() < 120


def test_a_fetch_can_be_requested_although_the_last_one_is_in_the_future(remote: Path) -> None:
    drain()
    Mirror.objects.update(fetched_at=timezone.now() + timedelta(hours=1))

    schedule.request_fetch(at_most_every=10)

    assert Mirror.objects.get().fetched_at is None


@pytest.mark.parametrize("moved", [-3_600, 3_600])
def test_a_stuck_lock_holder_is_reported_whatever_the_clock_says(remote: Path, settings: Settings, moved: int) -> None:
    lock = settings.GITSYNC_CLONE_DIR.with_suffix(".lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711\n")
        file.flush()
        os.utime(lock, (time.time() + moved, time.time() + moved))

        with pytest.raises(LockHeldError, match="process 4711"):
            with_clone(Repository.sweep)


def test_a_rate_limit_does_not_lock_out_callers_after_the_clock_was_set_back(
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
