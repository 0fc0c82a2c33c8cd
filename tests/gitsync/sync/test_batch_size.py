"""A push that breaks off is halved, until the remote takes it; then it grows again."""

from itertools import pairwise
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.errors import RemoteTimeoutError, RemoteUnreachableError
from gitsync.models import Change, Mirror
from gitsync.progress import unwatched
from gitsync.remote import git_remote
from gitsync.repository.repository import Repository
from gitsync.sync import batch_size, resync, schedule
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

#: A remote that gets stuck on packs of more than 40 objects, and one that breaks the connection.
_COUNT = 'n=$(git rev-list --objects "$new" --not --all | wc -l); [ "$n" -le 40 ]'
_STUCK = f"read old new ref; {_COUNT} || sleep 60"


def publish_texts(count: int, size: int = 2_000) -> None:
    """Publish pastes of this size."""
    for number in range(count):
        writing.publish(Draft([NewFile(f"{number}\n" + "x" * size, "a.txt")]))


def work_until_done(tries: int) -> int:
    """Work off until nothing is pending, without the pauses; return the failures on the way."""
    failures = 0
    for _ in range(tries):
        schedule.work_off()
        mirror = Mirror.objects.get()
        failures += mirror.failures > 0
        if not Change.objects.pending().exists():
            return failures
        Mirror.objects.update(retry_at=None, pushed_at=None)
    raise AssertionError(f"{Change.objects.pending().count()} are still pending")


def test_a_backlog_that_is_too_slow_to_send_is_halved_until_it_arrives(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_remote, "PUSH_SECONDS", 1.5)
    publish_texts(24)
    many.hook(remote, "pre-receive", _STUCK)

    failures = work_until_done(12)

    assert 1 <= failures <= 5
    assert len(repository.changes(remote)) == 24


@pytest.mark.parametrize("error", ["fatal: the remote end hung up unexpectedly", "HTTP 411", "HTTP 504"])
def test_a_transfer_that_breaks_off_is_halved(remote: Path, monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    push = git_remote.Remote.push
    sizes = []

    def breaking(self: git_remote.Remote, clone: object, *, old: str, new: str) -> None:
        count = int(clone.ask("rev-list", "--count", new, *([f"^{old}"] if old else [])))  # type: ignore[attr-defined]
        sizes.append(count)
        if count > 5:
            raise RemoteUnreachableError(error)
        push(self, clone, old=old, new=new)  # type: ignore[arg-type]

    monkeypatch.setattr(git_remote.Remote, "push", breaking)
    publish_texts(40)

    work_until_done(30)

    assert sizes[0] == 40
    assert all(smaller <= size // 2 + 1 for size, smaller in pairwise(sizes[:4]))
    assert len(repository.changes(remote)) == 40


def test_the_size_grows_again_after_successes_up_to_the_full_size(remote: Path) -> None:
    drain()
    Mirror.objects.update(batch_bytes=10_000)
    publish_texts(20)

    schedule.work_off()

    assert len(repository.changes(remote)) == 20
    assert Mirror.objects.get().batch_bytes is not None
    Mirror.objects.update(batch_bytes=batch_size.MAX_BYTES - 1)
    publish_texts(1)
    schedule.work_off()
    assert Mirror.objects.get().batch_bytes is None


def test_one_paste_goes_alone_however_large(remote: Path) -> None:
    drain()
    Mirror.objects.update(batch_bytes=batch_size.COMMIT_BYTES)
    publish_texts(2, size=200_000)

    assert drain().commits == 1


def test_an_unreachable_remote_does_not_shrink_the_batch(remote: Path, tmp_path: Path) -> None:
    many.publish(3)
    remote.rename(tmp_path / "away")

    schedule.work_off()

    assert Mirror.objects.get().failures == 1
    assert Mirror.objects.get().batch_bytes is None


def test_resync_goes_on_with_smaller_pushes(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_remote, "PUSH_SECONDS", 1.5)
    publish_texts(12)
    many.hook(remote, "pre-receive", _STUCK)

    resync.deliver(unwatched, unwatched)

    assert len(repository.changes(remote)) == 12


def test_resync_ends_when_a_smaller_push_does_not_help(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_remote, "PUSH_SECONDS", 0.5)
    publish_texts(2)
    many.hook(remote, "pre-receive", "sleep 60")

    with pytest.raises(RemoteTimeoutError):
        resync.deliver(unwatched, unwatched)


def test_a_push_gets_time_by_its_size(remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []
    run = Repository.run_with_progress

    def recording(self: Repository, *arguments: str, seconds: float, **options: object) -> object:
        limits.append(seconds)
        return run(self, *arguments, seconds=seconds, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Repository, "run_with_progress", recording)
    settings.PASTEUR_MAX_BYTES = 10 * 1024 * 1024
    publish_texts(1)
    drain()
    for _ in range(8):
        publish_texts(1, size=900_000)
    drain()

    assert limits[0] == git_remote.PUSH_SECONDS
    assert limits[1] > git_remote.PUSH_SECONDS + 90
