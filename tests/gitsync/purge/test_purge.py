"""Purging permanently removes a paste from every object reachable from the branch."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from gitsync.format.tree import folder
from gitsync.models import Change, Purge
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from pastes.lifecycle import erasing, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, State, Tombstone, blob_oid
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.recovery.test_restore import restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

SECRET = "the secret of Ada\n"


def purge(*keys: str) -> str:
    """Run the command and return its output."""
    out = StringIO()
    call_command("purge", *keys, "--reason", "a password", stdout=out)
    return out.getvalue()


def publish_secret_paste() -> Paste:
    """Publish, edit, hide and show a paste, with a commit for each."""
    paste = writing.publish(Draft([NewFile(SECRET, "a.txt")], title="Adas title", author="Ada Lovelace"))
    drain()
    writing.revise(paste, [NewFile(SECRET * 2, "b.txt")])
    drain()
    writing.hide(paste)
    drain()
    writing.show(paste)
    drain()
    return paste


def all_objects(place: Path) -> bytes:
    """Return all objects of a repository, reachable or not."""
    listed = repository.git(place, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return repository.git(place, "cat-file", "--batch", stdin=listed)


def assert_purged(remote: Path, paste: Paste) -> None:
    """Fail if any object reachable from the branch contains anything from a paste."""
    reachable = repository.git(remote, "rev-list", "--objects", "main")
    oids = b"".join(line.split(b" ")[0] + b"\n" for line in reachable.splitlines())
    content = repository.git(remote, "cat-file", "--batch", stdin=oids)
    for trace in (SECRET.encode(), b"Adas title", b"Ada Lovelace", paste.key.encode()):
        assert trace not in content


def assert_consistent(remote: Path) -> None:
    """Fail unless rows, commits and tip agree and no purge is pending."""
    assert look().is_clean
    assert not Purge.objects.pending().exists()
    commits = dict(Change.objects.exclude(commit="").values_list("key", "commit"))
    assert set(commits.values()) <= set(repository.commits(remote).values())
    recorded = {change.name: change.commit for change in Change.objects.exclude(commit="")}
    assert recorded == repository.commits(remote)
    repository.assert_sound(remote)


def test_nothing_is_left_of_a_purged_paste(remote: Path, settings: Settings) -> None:
    many.publish(3)
    drain()
    paste = publish_secret_paste()
    many.publish(3)
    drain()

    output = purge(paste.key)

    assert "1 erased from the history" in output
    assert_purged(remote, paste)
    assert len(repository.changes(remote)) == 6
    assert_consistent(remote)
    assert paste.key.encode() not in all_objects(settings.GITSYNC_CLONE_DIR)


def test_the_database_keeps_only_a_tombstone(remote: Path, client: Client) -> None:
    paste = publish_secret_paste()

    purge(paste.key)

    stone = Tombstone.objects.get()
    assert (stone.key, stone.reason, len(stone.digest)) == (paste.key, "a password", 64)
    assert stone.by
    assert not File.objects.exists()
    assert Paste.objects.values_list("state", "title", "author").get() == (State.REMOVED, "", "")
    assert client.get(f"/{paste.key}").status_code == 404


def test_the_default_remote_deletes_the_objects(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    many.publish(2)
    paste = publish_secret_paste()
    drain()

    purge(paste.key)

    for place in (remote, settings.GITSYNC_CLONE_DIR):
        assert SECRET.encode() not in all_objects(place)
        assert paste.key.encode() not in all_objects(place)
    assert_consistent(remote)


def test_purging_the_only_paste_leaves_an_empty_tree(remote: Path) -> None:
    paste = publish_secret_paste()

    purge(paste.key)

    assert repository.files(remote) == {}
    assert_purged(remote, paste)
    many.publish(1)
    drain()
    assert_consistent(remote)


def test_many_purges_share_one_rewrite(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = many.publish(10)
    drain()
    pushes: list[str] = []
    push = Remote.push

    def push_and_count(remote: Remote, clone: Repository, *, old: str, new: str) -> None:
        pushes.append(new)
        push(remote, clone, old=old, new=new)

    monkeypatch.setattr(Remote, "push", push_and_count)

    purge(*keys[2:6])

    assert len(pushes) == 1
    assert len(repository.changes(remote)) == 6
    assert_consistent(remote)


def test_the_same_content_in_another_paste_remains(remote: Path) -> None:
    paste = publish_secret_paste()
    twin = writing.publish(Draft([NewFile(SECRET, "a.txt")]))
    drain()

    purge(paste.key)

    assert repository.text(remote, twin, "a.txt") == SECRET.encode()
    assert paste.key.encode() not in repository.git(remote, "log", "--format=%B", "--raw", "main")
    assert_consistent(remote)


def test_a_commit_that_also_changes_other_paths_keeps_those_changes(remote: Path) -> None:
    paste = publish_secret_paste()
    commit(remote, {f"{folder(paste.key)}/c d.txt": b"more", "notes/é": b"mine"}, message="Both, by hand")

    purge(paste.key)

    assert repository.files(remote) == {"notes/é": b"mine"}
    assert repository.subjects(remote) == ["Both, by hand", "A paste was purged"]
    assert_purged(remote, paste)


def test_commits_before_the_purged_paste_keep_their_ids(remote: Path) -> None:
    many.publish(5)
    drain()
    before = repository.tip(remote)
    paste = publish_secret_paste()

    purge(paste.key)

    assert repository.git(remote, "rev-list", "--count", f"{before}..main") == b"1\n"
    assert repository.subjects(remote)[-1] == "A paste was purged"


@pytest.mark.parametrize("moment", ["before the push", "after the push", "before the objects are deleted"])
def test_a_purge_is_completed_after_a_crash(remote: Path, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    many.publish(3)
    paste = publish_secret_paste()
    many.publish(3)
    drain()
    erasing.purge(paste.key, reason="x")
    push = Remote.push

    def crash(*args: Any, **options: Any) -> None:
        if moment == "after the push":
            push(*args, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if moment == "before the objects are deleted":
            patched.setattr("gitsync.repository.housekeeping.prune_unreachable", crash)
        else:
            patched.setattr(Remote, "push", crash)
        with pytest.raises(KeyboardInterrupt):
            drain()
    work_off()

    assert_purged(remote, paste)
    assert len(repository.changes(remote)) == 6
    assert_consistent(remote)


def test_reset_restore_and_resync_do_not_bring_a_purged_paste_back(remote: Path) -> None:
    keys = many.publish(2)
    drain()
    old = repository.tip(remote)
    purge(keys[0])
    repository.git(remote, "update-ref", "refs/heads/main", old)

    assert restore()["restored"] == 0
    call_command("resync_git", stdout=StringIO(), stderr=StringIO())

    assert Paste.objects.get(key=keys[0]).state == State.REMOVED
    assert {path.split("/")[3] for path in repository.files(remote)} == {keys[1]}
    assert keys[0].encode() not in repository.git(remote, "rev-list", "--objects", "main")
    assert_consistent(remote)


def test_a_folder_that_returns_is_purged_again(remote: Path) -> None:
    paste = publish_secret_paste()
    purge(paste.key)
    commit(remote, {f"{folder(paste.key)}/a.txt": SECRET.encode(), "notes": b"x"})
    many.publish(1)

    drain()

    assert "notes" in repository.files(remote)
    assert_purged(remote, paste)


def test_a_key_that_is_only_in_git_can_be_purged(remote: Path) -> None:
    (other,) = many.publish(1)
    drain()
    commit(remote, {f"{folder('zzzzzzzzzz')}/a.txt": b"a secret of nobody"})

    purge("zzzzzzzzzz")

    assert repository.changes(remote) == [f"{other}.1"]
    assert blob_oid(b"a secret of nobody").encode() not in repository.git(remote, "rev-list", "--objects", "main")


def test_a_paste_that_was_never_in_git_is_purged_from_the_database(remote: Path) -> None:
    many.publish(1)
    drain()
    tip = repository.tip(remote)
    paste = writing.publish(Draft([NewFile(SECRET)], burn=True))

    purge(paste.key)

    assert repository.tip(remote) == tip
    assert not File.objects.filter(content=SECRET).exists()


def test_an_invalid_key_is_refused(remote: Path) -> None:
    with pytest.raises(CommandError, match="is not a valid key"):
        purge("../../x")


def test_purging_twice_is_harmless(remote: Path) -> None:
    keys = many.publish(2)
    drain()
    purge(keys[0])
    tip = repository.tip(remote)

    purge(keys[0])

    assert repository.tip(remote) == tip
    assert Tombstone.objects.count() == 1
    assert_consistent(remote)


@pytest.mark.parametrize(("reason", "count"), [("a password", 1), ("  ", 0)])
def test_moderators_must_give_a_reason_for_a_purge(remote: Path, admin_client: Client, reason: str, count: int) -> None:
    paste = publish_secret_paste()
    chosen = {"action": "purge", "_selected_action": str(paste.pk), "reason": reason}

    admin_client.post("/admin/pastes/paste/", chosen)
    work_off()

    assert [stone.by for stone in Tombstone.objects.all()] == ["admin"] * count
    assert bool(repository.files(remote)) == (count == 0)
    assert admin_client.get("/admin/pastes/tombstone/").status_code == 200
    assert admin_client.get("/admin/gitsync/purge/").status_code == 200
