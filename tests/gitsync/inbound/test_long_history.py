"""Very much that others have pushed is read in a batch at a time: nobody waits for long, and a crash costs nothing."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from gitsync.errors import DiskFullError, RemoteTimeoutError
from gitsync.format.tree import folder
from gitsync.inbound import read_in
from gitsync.models import Mirror
from gitsync.repository.process import stop_requested
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.models import Paste, State
from tests import repository
from tests.gitsync.foreign import Row, commit
from tests.gitsync.inbound.test_read_in import published, texts
from tests.gitsync.recovery.test_restore import forget_everything
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def foreign(count: int) -> dict[Row, bytes | None]:
    """Return the files of so many folders that somebody has made by hand."""
    return {f"{folder(f'hand{number:06}')}/a.txt": f"text {number}\n".encode() for number in range(count)}


def push_many_things(remote: Path) -> tuple[Paste, Paste]:
    """Have somebody push folders, files, an edit and a removal; return the pastes of the last two."""
    edited, removed = published("one"), published("two")
    rows: dict[Row, bytes | None] = {f"{folder(edited.key)}/a.txt": b"by hand", folder(removed.key): None}
    commit(remote, {**foreign(30), "notes.py": b"x = 1\n", "more.py": b"y = 2\n", **rows})
    return edited, removed


def assert_read_once(edited: Paste, removed: Paste) -> None:
    """Fail unless all of that has been read, and none of it twice."""
    assert Paste.objects.count() == 34
    assert sorted(text for paste in Paste.objects.filter(author="Eve") for text in texts(paste.key)[0].values()) == (
        sorted([*(f"text {number}\n" for number in range(30)), "x = 1\n", "y = 2\n"])
    )
    assert texts(edited.key) == [{"a.txt": "one"}, {"a.txt": "by hand"}]
    assert Paste.objects.get(key=removed.key).state == State.HIDDEN
    assert look().is_clean


@pytest.mark.parametrize("dies_after", range(1, 6))
def test_what_was_read_before_a_crash_is_not_read_twice(
    remote: Path, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    monkeypatch.setattr(read_in, "_AT_ONCE", 6)
    edited, removed = push_many_things(remote)
    tip, pauses = Mirror.objects.get().tip, []

    def die(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == dies_after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(read_in, "sleep", die)
        with pytest.raises(KeyboardInterrupt):
            drain()
    assert Mirror.objects.get().tip == tip
    assert 0 < Paste.objects.count() < 34 or dies_after == 5

    drain()

    assert_read_once(edited, removed)


def test_a_worker_that_is_told_to_stop_goes_on_the_next_time(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_in, "_AT_ONCE", 6)
    edited, removed = push_many_things(remote)

    with monkeypatch.context() as patched:
        patched.setattr(read_in, "_attempt", lambda *_: stop_requested.set())
        with pytest.raises(RemoteTimeoutError):
            drain()
    stop_requested.clear()
    drain()

    assert_read_once(edited, removed)


def test_a_batch_ends_when_it_takes_too_long(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited, removed = push_many_things(remote)
    monkeypatch.setattr(read_in, "_SECONDS", 0.001)

    drain()

    assert_read_once(edited, removed)


def test_an_empty_database_gets_all_of_a_full_remote_in_batches(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_in, "_AT_ONCE", 7)
    published()
    commit(remote, foreign(30))
    drain()
    forget_everything()

    drain()

    assert Paste.objects.count() == 31
    assert look().is_clean


def test_a_history_that_finds_no_room_to_be_sorted_is_read_later(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited, removed = push_many_things(remote)
    with monkeypatch.context() as patched:
        patched.setattr("gitsync.inbound.path_history._OF", "SELECT nothing")
        with pytest.raises(DiskFullError):
            drain()

    drain()

    assert_read_once(edited, removed)


def test_very_many_folders_take_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_in, "_PAUSE_SECONDS", 0)

    def found() -> Iterator[tuple[str, str]]:
        return ((f"hand{number:06}", f"{number:040x}") for number in range(100_000))

    tracemalloc.start()
    try:
        read_in._in_batches(found(), lambda *_: None, lambda: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2 * 1024 * 1024


@pytest.mark.server
def test_who_pastes_meanwhile_waits_for_a_batch_at_the_most(tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    repository.git(tmp_path, "init", "--bare", "--quiet", "--initial-branch=main", str(remote))
    with Pasteur(GITSYNC_REMOTE=str(remote), GITSYNC_FETCH_INTERVAL="1") as site:
        site.wait_until_mirrored(site.paste("first"))
        commit(remote, foreign(2_500))
        slowest = 0.0

        def is_read() -> bool:
            nonlocal slowest
            started = monotonic()
            site.paste("meanwhile")
            slowest = max(slowest, monotonic() - started)
            return site.http.request("GET", f"{site.url}/hand002499/raw").status == 200

        wait_until(is_read, "everything is read in", 120)
    assert slowest < 3
