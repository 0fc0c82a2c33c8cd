"""Pushing a rewritten history: it takes as long as there is something to be sent, and a remote that hangs is left."""

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
from tests.gitsync.purge.test_purge import assert_gone, assert_right, secret_paste
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a push be given up soon, and each byte of a history take long."""
    monkeypatch.setattr(git_remote, "PUSH_SECONDS", 2.0)
    monkeypatch.setattr(git_remote, "SILENCE_SECONDS", 3.0)
    monkeypatch.setattr(git_remote, "PUSH_BYTES_PER_SECOND", 10)


def purged() -> Paste:
    """Return a paste whose purge waits, with others after it."""
    paste = secret_paste()
    many.publish(3)
    drain()
    erasing.purge(paste.key, reason="x")
    return paste


@pytest.mark.parametrize("place", ["a path", pytest.param("ssh", marks=pytest.mark.server)])
def test_a_new_history_may_take_longer_than_other_pushes(
    place: str, request: pytest.FixtureRequest, settings: Settings
) -> None:
    if place == "ssh":
        sshd: Sshd = request.getfixturevalue("over_ssh")
        settings.GITSYNC_PUSH_INTERVAL = 0
        remote = sshd.repository
    else:
        remote = request.getfixturevalue("remote")
    paste = purged()
    many.hook(remote, "pre-receive", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i >&2; sleep 0.6; done")
    started = monotonic()

    assert work_off() is None

    assert monotonic() - started > 5
    assert_gone(remote, paste)
    assert_right(remote)


def test_a_remote_that_says_nothing_any_more_is_left(remote: Path) -> None:
    paste = purged()
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
    assert_gone(remote, paste)
    assert_right(remote)


def test_a_remote_that_talks_for_ever_is_left_too(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_remote, "PUSH_BYTES_PER_SECOND", 1024)
    purged()
    many.hook(remote, "pre-receive", "while sleep 0.5; do echo x >&2 || exit 1; done")
    started = monotonic()

    work_off()

    assert 2 <= monotonic() - started < 15
    assert "was killed after" in Mirror.objects.get().error


def test_other_pushes_keep_their_limit(remote: Path) -> None:
    many.publish(1)
    many.hook(remote, "pre-receive", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i >&2; sleep 0.6; done")

    work_off()

    assert Mirror.objects.get().error_code == "timeout"
    assert Change.objects.pending().exists()


def test_the_words_of_the_remote_are_kept_without_how_far_it_was(remote: Path) -> None:
    purged()
    repository.git(remote, "config", "receive.denyNonFastForwards", "true")

    work_off()

    words = Purge.objects.get().error
    assert "denying non-fast-forward" in words
    assert "objects:" not in words
    assert "Total" not in words


def test_what_is_overwritten_on_a_terminal_is_not_kept() -> None:
    told = "Writing objects:  50% (1/2)\rWriting objects: 100% (2/2), done.\nWriting objects:  9%\rfatal: gone\n"
    command = ["sh", "-c", 'printf %s "$1" >&2; echo out', "sh", told]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        finished = OutputReader(process).finished(process.wait(timeout=10))

    assert (finished.stdout, finished.stderr) == (b"out\n", "fatal: gone\n")
