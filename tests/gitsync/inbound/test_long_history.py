"""A large push is imported in batches: other writers only wait briefly, and a crash loses nothing."""

import tracemalloc
from pathlib import Path
from time import monotonic

import pytest

from gitsync.errors import DiskFullError, RemoteTimeoutError
from gitsync.format.tree import folder
from gitsync.inbound import read_in
from gitsync.inbound.candidates import Candidate
from gitsync.models import Mirror
from gitsync.repository.process import stop_requested
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.models import Paste, State
from tests import repository
from tests.gitsync.inbound.test_read_in import publish_and_drain, revision_texts
from tests.gitsync.manual_commits import Row, commit
from tests.gitsync.recovery.test_restore import clear_database
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def folders_by_hand(count: int) -> dict[Row, bytes | None]:
    """Return the files of `count` manually created paste folders."""
    return {f"{folder(f'hand{number:06}')}/a.txt": f"text {number}\n".encode() for number in range(count)}


def push_many_changes(remote: Path) -> tuple[Paste, Paste]:
    """Push folders, root files, an edit and a removal; return the edited and the removed paste."""
    edited, removed = publish_and_drain("one"), publish_and_drain("two")
    rows: dict[Row, bytes | None] = {f"{folder(edited.key)}/a.txt": b"by hand", folder(removed.key): None}
    commit(remote, {**folders_by_hand(30), "notes.py": b"x = 1\n", "more.py": b"y = 2\n", **rows})
    return edited, removed


def assert_read_once(edited: Paste, removed: Paste) -> None:
    """Fail unless all of these changes have been imported exactly once."""
    assert Paste.objects.count() == 34
    assert sorted(
        text for paste in Paste.objects.filter(author="Eve") for text in revision_texts(paste.key)[0].values()
    ) == (sorted([*(f"text {number}\n" for number in range(30)), "x = 1\n", "y = 2\n"]))
    assert revision_texts(edited.key) == [{"a.txt": "one"}, {"a.txt": "by hand"}]
    assert Paste.objects.get(key=removed.key).state == State.HIDDEN
    assert look().is_clean


@pytest.mark.parametrize("dies_after", range(1, 6))
def test_a_crash_between_batches_imports_nothing_twice(
    remote: Path, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    monkeypatch.setattr(read_in, "_BATCH_SIZE", 6)
    edited, removed = push_many_changes(remote)
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


def test_a_stopped_worker_continues_with_the_next_drain(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_in, "_BATCH_SIZE", 6)
    edited, removed = push_many_changes(remote)

    with monkeypatch.context() as patched:
        patched.setattr(read_in, "_read_candidate", lambda *_: stop_requested.set())
        with pytest.raises(RemoteTimeoutError):
            drain()
    stop_requested.clear()
    drain()

    assert_read_once(edited, removed)


def test_a_batch_ends_after_its_time_limit(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited, removed = push_many_changes(remote)
    monkeypatch.setattr(read_in, "_BATCH_SECONDS", 0.001)

    drain()

    assert_read_once(edited, removed)


def test_an_empty_database_imports_a_full_remote_in_batches(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_in, "_BATCH_SIZE", 7)
    publish_and_drain()
    commit(remote, folders_by_hand(30))
    drain()
    clear_database()

    drain()

    assert Paste.objects.count() == 31
    assert look().is_clean


def test_a_history_that_cannot_be_indexed_on_a_full_disk_is_imported_later(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited, removed = push_many_changes(remote)
    with monkeypatch.context() as patched:
        patched.setattr("gitsync.inbound.path_history._SELECT", "SELECT nothing")
        with pytest.raises(DiskFullError):
            drain()

    drain()

    assert_read_once(edited, removed)


def test_importing_100_000_folders_takes_less_than_2_mib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_in, "_PAUSE_SECONDS", 0)

    folders = (Candidate(f"hand{number:06}", f"{number:040x}") for number in range(100_000))

    tracemalloc.start()
    try:
        read_in._run_in_batches(folders, lambda *_: None, lambda: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2 * 1024 * 1024


@pytest.mark.server
def test_a_new_paste_waits_for_at_most_one_batch(tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    repository.git(tmp_path, "init", "--bare", "--quiet", "--initial-branch=main", str(remote))
    with Pasteur(GITSYNC_REMOTE=str(remote), GITSYNC_FETCH_INTERVAL="1") as site:
        site.wait_until_mirrored(site.paste("first"))
        commit(remote, folders_by_hand(2_500))
        slowest = 0.0

        def is_read() -> bool:
            nonlocal slowest
            started = monotonic()
            site.paste("meanwhile")
            slowest = max(slowest, monotonic() - started)
            return site.http.request("GET", f"{site.url}/hand002499/raw").status == 200

        wait_until(is_read, "everything is read in", 120)
    assert slowest < 3
