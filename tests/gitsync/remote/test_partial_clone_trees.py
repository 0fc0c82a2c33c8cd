"""A new worker starts without most of the tree, and fetches the trees it needs, or all of them, in one request."""

import logging
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.format.tree import folder
from gitsync.remote.git_remote import Remote
from gitsync.sync.drain import drain
from gitsync.sync.maintenance import maintain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.remote.test_partial_clone import assert_consistent, clone_of, delete_clone, fill
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]

OLD = 40


@pytest.fixture
def forge(remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture) -> Path:
    """Return a remote that can omit objects, with old pastes, and leave the worker without a clone."""
    caplog.set_level(logging.INFO)
    repository.git(remote, "config", "uploadpack.allowFilter", "true")
    many.publish(OLD)
    drain()
    delete_clone(settings)
    return remote


def folders_in(clone: Path, forge: Path) -> set[str]:
    """Return the keys of the pastes at a remote's tip whose folders are in a clone."""
    rows = [line.split() for line in repository.git(forge, "ls-tree", "-r", "-d", "-t", "main").decode().splitlines()]
    oids = {path.rpartition("/")[2]: oid for _, _, oid, path in rows if path.count("/") == 3}
    there = repository.git(clone, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").decode().split()
    return {key for key, oid in oids.items() if oid in there}


def test_only_folders_next_to_the_new_paste_are_fetched(forge: Path, settings: Settings) -> None:
    (key,) = many.publish(1)

    assert drain().commits == 1

    assert {key[:3], key} >= {found[:3] for found in folders_in(clone_of(settings), forge)}
    assert_consistent(forge, OLD + 1)


def test_a_drain_writes_next_to_missing_trees(forge: Path, settings: Settings) -> None:
    edited, removed, *_, last = Paste.objects.order_by("pk")
    writing.revise(edited, [NewFile("second", "0.txt")])
    writing.hide(removed)
    drain()
    writing.revise(last, [NewFile("third", "0.txt")])
    many.publish(3)

    drain()

    assert len(folders_in(clone_of(settings), forge)) < OLD // 2
    assert_consistent(forge, OLD + 6)


def test_a_check_fetches_the_whole_tree_at_once(
    forge: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    many.publish(1)
    drain()

    assert look().is_clean

    assert len(folders_in(clone_of(settings), forge)) == OLD + 1
    assert caplog.text.count("lacks most trees, which are fetched now") == 1
    many.publish(1)
    drain()
    assert_consistent(forge, OLD + 2)


def test_maintenance_fetches_the_missing_trees(forge: Path, settings: Settings) -> None:
    many.publish(1)
    drain()

    maintain()

    assert len(folders_in(clone_of(settings), forge)) == OLD + 1


def test_a_push_by_others_is_imported_with_the_whole_tree(forge: Path, settings: Settings) -> None:
    many.publish(1)
    drain()
    paste = Paste.objects.order_by("pk")[0]
    commit(forge, {f"{folder(paste.key)}/0.txt": b"theirs\n", f"{folder('handmade00')}/a.txt": b"new\n"})

    drain()

    assert [file.content for file in Paste.objects.get(pk=paste.pk).files] == ["theirs\n"]
    assert Paste.objects.filter(key="handmade00").exists()
    assert len(folders_in(clone_of(settings), forge)) >= OLD + 1
    assert look().is_clean


def test_a_worker_without_trees_imports_a_concurrent_push(
    forge: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = list[str]()
    push = Remote.push

    def late(remote: Remote, *arguments: object, **options: object) -> None:
        if not pushed:
            pushed.append(commit(forge, {f"{folder('handmade00')}/a.txt": b"new\n"}))
        push(remote, *arguments, **options)  # type: ignore[arg-type]  # Whatever the product gives.

    monkeypatch.setattr(Remote, "push", late)
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    many.publish(1)

    drain()

    assert pushed
    assert Paste.objects.filter(key="handmade00").exists()
    assert look().is_clean


def test_a_server_without_tree_filters_sends_all_trees(forge: Path, settings: Settings) -> None:
    repository.git(forge, "config", "uploadpackfilter.tree.allow", "false")
    many.publish(1)

    drain()

    assert len(folders_in(clone_of(settings), forge)) == OLD + 1
    assert_consistent(forge, OLD + 1)


def test_a_server_without_filters_is_asked_once(
    forge: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    repository.git(forge, "config", "uploadpack.allowFilter", "false")
    many.publish(1)
    drain()

    assert_consistent(forge, OLD + 1)

    assert "lacks most trees" not in caplog.text


def test_a_server_without_individual_trees_sends_all_trees(
    over_ssh: Sshd, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    fill(over_ssh.repository)
    delete_clone(settings)
    paste = Paste.objects.get(title="old 0")
    writing.revise(paste, [NewFile("second", "a.txt")])

    drain()

    assert "the remote does not send individual trees, so the whole tree is fetched" in caplog.text
    assert_consistent(over_ssh.repository, 4)
