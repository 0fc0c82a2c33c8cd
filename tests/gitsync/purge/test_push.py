"""Time limits for pushing a rewritten history: they grow with its size, and a silent remote causes a timeout."""

import subprocess
from pathlib import Path
from time import monotonic

import pytest
from pytest_django import Settings

from gitsync.models import Change, Mirror, Purge
from gitsync.remote import git_remote
from gitsync.repository.process import OutputReader
from gitsync.sync.drain import drain
from gitsync.sync.schedule import work_off
from pastes.lifecycle import erasing
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.purge.test_purge import assert_consistent, assert_purged, publish_secret_paste
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time limits for pushes, and allow plenty of time per byte of a rewritten history."""
    monkeypatch.setattr(git_remote, "PUSH_SECONDS", 2.0)
    monkeypatch.setattr(git_remote, "SILENCE_SECONDS", 3.0)
    monkeypatch.setattr(git_remote, "PUSH_BYTES_PER_SECOND", 10)


def publish_and_purge() -> Paste:
    """Return a paste with a pending purge, and publish others after it."""
    paste = publish_secret_paste()
    many.publish(3)
    drain()
    erasing.purge(paste.key, reason="x")
    return paste


@pytest.mark.parametrize("place", ["a path", pytest.param("ssh", marks=pytest.mark.server)])
def test_the_push_of_a_rewritten_history_may_take_longer(
    place: str, request: pytest.FixtureRequest, settings: Settings
) -> None:
    if place == "ssh":
        sshd: Sshd = request.getfixturevalue("over_ssh")
        settings.GITSYNC_PUSH_INTERVAL = 0
        remote = sshd.repository
    else:
        remote = request.getfixturevalue("remote")
    paste = publish_and_purge()
    many.hook(remote, "pre-receive", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i >&2; sleep 0.6; done")
    started = monotonic()

    assert work_off() is None

    assert monotonic() - started > 5
    assert_purged(remote, paste)
    assert_consistent(remote)


def test_the_push_to_a_silent_remote_times_out(remote: Path) -> None:
    paste = publish_and_purge()
    hook = many.hook(remote, "pre-receive", "sleep 60")
    started = monotonic()

    work_off()

    assert 3 <= monotonic() - started < 15
    assert "seconds without progress" in Mirror.objects.get().error
    assert Purge.objects.get().error_code == "timeout"
    hook.unlink()
    many.publish(1)
    Mirror.objects.update(retry_at=None)
    work_off()
    assert not Change.objects.pending().exists()
    Purge.objects.update(retry_at=None)
    work_off()
    assert_purged(remote, paste)
    assert_consistent(remote)


def test_the_push_to_a_remote_that_never_finishes_times_out(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_remote, "PUSH_BYTES_PER_SECOND", 1024)
    publish_and_purge()
    many.hook(remote, "pre-receive", "while sleep 0.5; do echo x >&2 || exit 1; done")
    started = monotonic()

    work_off()

    assert 2 <= monotonic() - started < 15
    assert "was killed after" in Mirror.objects.get().error


def test_other_pushes_keep_their_time_limit(remote: Path) -> None:
    many.publish(1)
    many.hook(remote, "pre-receive", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i >&2; sleep 0.6; done")

    work_off()

    assert Mirror.objects.get().error_code == "timeout"
    assert Change.objects.pending().exists()


def test_the_stored_message_from_the_remote_has_no_progress_lines(remote: Path) -> None:
    publish_and_purge()
    repository.git(remote, "config", "receive.denyNonFastForwards", "true")

    work_off()

    message = Purge.objects.get().error
    assert "denying non-fast-forward" in message
    assert "objects:" not in message
    assert "Total" not in message


def test_overwritten_progress_lines_are_removed() -> None:
    progress = "Writing objects:  50% (1/2)\rWriting objects: 100% (2/2), done.\nWriting objects:  9%\rfatal: gone\n"
    command = ["sh", "-c", 'printf %s "$1" >&2; echo out', "sh", progress]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        finished = OutputReader(process).finished(process.wait(timeout=10))

    assert (finished.stdout, finished.stderr) == (b"out\n", "fatal: gone\n")
