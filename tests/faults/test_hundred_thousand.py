"""A remote and a clone with 100,000 pastes are lost and rebuilt."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
from pytest_django import Settings

from gitsync.models import Change, Mirror
from gitsync.sync import schedule
from tests import many, repository
from tests.faults.test_clone import truncate_packs
from tests.faults.test_killed import assert_all_arrived_once
from tests.servers import git_repository
from tests.servers.sshd import Sshd

pytestmark = [
    pytest.mark.fault,
    pytest.mark.django_db(transaction=True),
    pytest.mark.server,
    pytest.mark.alone,
    pytest.mark.slow_fault,
    pytest.mark.timeout(1_200),
]
_PASTES = 100_000


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if the block takes longer than this."""
    started = monotonic()
    yield
    taken = monotonic() - started
    assert taken <= seconds, f"took {taken:.0f} s instead of {seconds} s"


def test_a_lost_remote_and_clone_of_100_000_pastes_are_rebuilt(over_ssh: Sshd, settings: Settings) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    remote = over_ssh.repository
    for _ in range(_PASTES // 500):
        many.publish(500)
    many.drain_until_done()
    whole = repository.git(remote, "rev-list", "main")

    # The clone is damaged.
    truncate_packs(settings.GITSYNC_CLONE_DIR)
    many.publish(1)
    with within(60):
        many.drain_until_done()
    assert repository.git(remote, "rev-list", "main~1") == whole

    # The branch is deleted.
    repository.git(remote, "update-ref", "-d", "refs/heads/main")
    many.publish(1)
    with within(120):
        many.drain_until_done()
    assert repository.git(remote, "rev-list", "main~2") == whole

    # The repository is deleted and replaced with a new one.
    shutil.rmtree(remote)
    many.publish(1)
    assert schedule.work_off()
    assert Mirror.objects.get(remote=over_ssh.url).error_code == "unreachable"
    assert Change.objects.pending().count() == 1
    git_repository.create(remote)
    Mirror.objects.update(retry_at=None)
    with within(300):
        many.drain_until_done()
    assert repository.git(remote, "rev-list", "main~3") == whole
    assert_all_arrived_once(remote, _PASTES + 3)
