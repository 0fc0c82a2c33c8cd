"""A purge that the remote refuses is retried automatically: other changes are pushed, and the operator is informed."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from gitsync.errors import CloneBrokenError, RemoteTimeoutError
from gitsync.models import Change, Failure, Mirror, Purge
from gitsync.purge import rewrite
from gitsync.purge.stream_filter import StreamFilter
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from pastes.lifecycle import erasing
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.purge.test_purge import SECRET, assert_consistent, assert_purged, publish_secret_paste, purge

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

_PROTECTED = """
while read old new ref; do
  echo >> "$GIT_DIR/pushes"
  if ! git merge-base --is-ancestor $old $new; then echo 'GL-HOOK-ERR: protected branch' >&2; exit 1; fi
done
"""


def refuse_rewrites(remote: Path) -> None:
    """Make the remote refuse pushes that are not fast-forward."""
    repository.git(remote, "config", "receive.denyNonFastForwards", "true")


def accept_rewrites(remote: Path) -> None:
    """Make the remote accept all pushes."""
    repository.git(remote, "config", "receive.denyNonFastForwards", "false")


def count_pushes(remote: Path) -> int:
    """Return the number of pushes that the remote's hook has received."""
    return len((remote / "pushes").read_text().splitlines())


def publish_and_purge(remote: Path) -> Paste:
    """Return a paste with a pending purge among others that are pushed, and publish one that is not."""
    paste = publish_secret_paste()
    many.publish(2)
    drain()
    erasing.purge(paste.key, reason="x")
    many.publish(1)
    return paste


def test_other_changes_are_pushed_while_the_remote_refuses_rewrites(remote: Path) -> None:
    publish_and_purge(remote)
    refuse_rewrites(remote)

    assert work_off() is None

    waiting, mirror = Purge.objects.pending().get(), Mirror.objects.get()
    assert not Change.objects.pending().exists()
    assert look().is_clean
    assert (waiting.error_code, waiting.tries, mirror.error_code) == ("purge_refused", 1, "")
    assert "denying non-fast-forward" in waiting.error
    assert Failure.objects.get().code == "purge_refused"
    assert len(repository.files(remote)) == 6


def test_the_command_reports_the_remotes_message_and_advice(remote: Path) -> None:
    paste = publish_and_purge(remote)
    many.hook(remote, "pre-receive", _PROTECTED)

    with pytest.raises(CommandError, match=r"(?s)1 are still.*GL-HOOK-ERR: protected branch.*force-push") as stopped:
        purge(paste.key)
    assert stopped.value.returncode == 2
    assert not Change.objects.pending().exists()
    (remote / "hooks" / "pre-receive").unlink()

    assert "1 erased from the history" in purge(paste.key)
    assert_purged(remote, paste)
    assert_consistent(remote)
    assert Purge.objects.values_list("tries", "error", "error_code").get() == (0, "", "")


def test_a_refused_purge_is_retried_at_increasing_intervals(remote: Path) -> None:
    paste = publish_and_purge(remote)
    many.hook(remote, "pre-receive", _PROTECTED)
    work_off()
    before = count_pushes(remote)

    work_off()
    many.publish(1)
    work_off()

    assert count_pushes(remote) == before + 1
    waits = []
    for _ in range(12):
        Purge.objects.update(retry_at=timezone.now())
        work_off()
        waits.append((Purge.objects.get().retry_at or timezone.now()) - timezone.now())
    assert count_pushes(remote) == before + 13
    assert timedelta(minutes=9) < waits[0] < timedelta(minutes=11)
    assert timedelta(hours=5) < waits[-1] <= timedelta(hours=6)
    (remote / "hooks" / "pre-receive").unlink()
    Purge.objects.update(retry_at=timezone.now())
    work_off()
    assert_purged(remote, paste)


def test_another_purge_retries_all(remote: Path) -> None:
    paste = publish_and_purge(remote)
    refuse_rewrites(remote)
    work_off()
    accept_rewrites(remote)

    purge(Paste.objects.exclude(pk=paste.pk)[0].key)

    assert_purged(remote, paste)
    assert_consistent(remote)


def test_pushes_respect_the_push_interval(remote: Path, settings: Settings) -> None:
    publish_and_purge(remote)
    refuse_rewrites(remote)
    settings.GITSYNC_PUSH_INTERVAL = 30
    Mirror.objects.update(pushed_at=None)

    seconds = work_off()

    assert seconds
    assert 25 < seconds <= 30
    assert Change.objects.pending().exists()
    Mirror.objects.update(pushed_at=timezone.now() - timedelta(seconds=31))
    assert work_off() is None
    assert not Change.objects.pending().exists()


def test_an_incomplete_rewrite_does_not_delay_other_changes(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = publish_and_purge(remote)
    commit(remote, {"docs/x.py": SECRET.encode()})
    monkeypatch.setattr(rewrite, "StreamFilter", lambda keys, _content: StreamFilter(keys))

    assert work_off() is None

    assert not Change.objects.pending().exists()
    assert Purge.objects.values_list("key", "error_code").get() == (paste.key, "purge")


@pytest.mark.parametrize("error", [RemoteTimeoutError("slow"), CloneBrokenError("odd"), ValueError("never seen")])
def test_after_a_failed_rewrite_the_next_drain_pushes_pending_changes(
    remote: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_and_purge(remote)

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(rewrite, "_rewrite_chunks", fail)
    for _ in range(2):
        work_off()
        Mirror.objects.update(retry_at=None)

    assert not Change.objects.pending().exists()
    assert Purge.objects.pending().get().error_code in {"timeout", "clone", "unexpected"}


def test_a_rewrite_whose_push_times_out_delays_one_drain(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = publish_and_purge(remote)
    push = Remote.push

    def slow(remote: Remote, clone: Repository, *, old: str, new: str) -> None:
        if not clone.is_ancestor(old, new):
            raise RemoteTimeoutError("slow")
        push(remote, clone, old=old, new=new)

    with monkeypatch.context() as patched:
        patched.setattr(Remote, "push", slow)
        work_off()
        assert Change.objects.pending().exists()
        Mirror.objects.update(retry_at=None)
        work_off()
    assert not Change.objects.pending().exists()
    call_command("purge", paste.key, "--reason", "x", stdout=StringIO())
    assert_purged(remote, paste)
