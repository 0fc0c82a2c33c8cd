"""A purge that the remote does not take waits by itself: everything else goes on, and the operator is told."""

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
from tests.gitsync.foreign import commit
from tests.gitsync.purge.test_purge import SECRET, assert_gone, assert_right, purge, secret_paste

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

_PROTECTED = """
while read old new ref; do
  echo >> "$GIT_DIR/pushes"
  if ! git merge-base --is-ancestor $old $new; then echo 'GL-HOOK-ERR: protected branch' >&2; exit 1; fi
done
"""


def deny(remote: Path) -> None:
    """Let the remote take no other history."""
    repository.git(remote, "config", "receive.denyNonFastForwards", "true")


def allow(remote: Path) -> None:
    """Let the remote take any history."""
    repository.git(remote, "config", "receive.denyNonFastForwards", "false")


def pushes(remote: Path) -> int:
    """Return how many pushes the hook of the remote has seen."""
    return len((remote / "pushes").read_text().splitlines())


def asked(remote: Path) -> Paste:
    """Return a paste whose purge waits, in a repository with others, and with one more that waits for a push."""
    paste = secret_paste()
    many.publish(2)
    drain()
    erasing.purge(paste.key, reason="x")
    many.publish(1)
    return paste


def test_the_others_go_on_while_the_remote_takes_no_other_history(remote: Path) -> None:
    asked(remote)
    deny(remote)

    assert work_off() is None

    waiting, mirror = Purge.objects.waiting().get(), Mirror.objects.get()
    assert not Change.objects.pending().exists()
    assert look().is_clean
    assert (waiting.error_code, waiting.tries, mirror.error_code) == ("purge_refused", 1, "")
    assert "denying non-fast-forward" in waiting.error
    assert Failure.objects.get().code == "purge_refused"
    assert len(repository.files(remote)) == 6


def test_the_command_says_what_the_remote_says_and_what_to_do(remote: Path) -> None:
    paste = asked(remote)
    many.hook(remote, "pre-receive", _PROTECTED)

    with pytest.raises(CommandError, match=r"(?s)1 are still.*GL-HOOK-ERR: protected branch.*force-push") as stopped:
        purge(paste.key)
    assert stopped.value.returncode == 2
    assert not Change.objects.pending().exists()
    (remote / "hooks" / "pre-receive").unlink()

    assert "1 erased from the history" in purge(paste.key)
    assert_gone(remote, paste)
    assert_right(remote)
    assert Purge.objects.values_list("tries", "error", "error_code").get() == (0, "", "")


def test_it_is_tried_again_ever_later(remote: Path) -> None:
    paste = asked(remote)
    many.hook(remote, "pre-receive", _PROTECTED)
    work_off()
    before = pushes(remote)

    work_off()
    many.publish(1)
    work_off()

    assert pushes(remote) == before + 1
    waits = []
    for _ in range(12):
        Purge.objects.update(retry_at=timezone.now())
        work_off()
        waits.append((Purge.objects.get().retry_at or timezone.now()) - timezone.now())
    assert pushes(remote) == before + 13
    assert timedelta(minutes=9) < waits[0] < timedelta(minutes=11)
    assert timedelta(hours=5) < waits[-1] <= timedelta(hours=6)
    (remote / "hooks" / "pre-receive").unlink()
    Purge.objects.update(retry_at=timezone.now())
    work_off()
    assert_gone(remote, paste)


def test_another_purge_has_all_tried_again(remote: Path) -> None:
    paste = asked(remote)
    deny(remote)
    work_off()
    allow(remote)

    purge(Paste.objects.exclude(pk=paste.pk)[0].key)

    assert_gone(remote, paste)
    assert_right(remote)


def test_pushes_keep_their_distance(remote: Path, settings: Settings) -> None:
    asked(remote)
    deny(remote)
    settings.GITSYNC_PUSH_INTERVAL = 30
    Mirror.objects.update(pushed_at=None)

    seconds = work_off()

    assert seconds
    assert 25 < seconds <= 30
    assert Change.objects.pending().exists()
    Mirror.objects.update(pushed_at=timezone.now() - timedelta(seconds=31))
    assert work_off() is None
    assert not Change.objects.pending().exists()


def test_a_history_that_is_not_clean_holds_up_nothing(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = asked(remote)
    commit(remote, {"docs/x.py": SECRET.encode()})
    monkeypatch.setattr(rewrite, "StreamFilter", lambda keys, _content: StreamFilter(keys))

    assert work_off() is None

    assert not Change.objects.pending().exists()
    assert Purge.objects.values_list("key", "error_code").get() == (paste.key, "purge")


@pytest.mark.parametrize("error", [RemoteTimeoutError("slow"), CloneBrokenError("odd"), ValueError("never seen")])
def test_whatever_stops_a_rewrite_the_next_drain_takes_what_waits(
    remote: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(remote)

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(rewrite, "_rewrite_chunks", fail)
    for _ in range(2):
        work_off()
        Mirror.objects.update(retry_at=None)

    assert not Change.objects.pending().exists()
    assert Purge.objects.waiting().get().error_code in {"timeout", "clone", "unexpected"}


def test_a_push_of_a_history_that_takes_too_long_holds_up_one_drain_alone(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paste = asked(remote)
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
    assert_gone(remote, paste)
