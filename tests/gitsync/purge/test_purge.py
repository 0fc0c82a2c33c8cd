"""Purging: what was erased is in no object that the branch reaches, and nothing brings it back."""

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
from tests.gitsync.foreign import commit
from tests.gitsync.recovery.test_restore import restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

SECRET = "the secret of Ada\n"


def purge(*keys: str) -> str:
    """Run the command and return what it says."""
    out = StringIO()
    call_command("purge", *keys, "--reason", "a password", stdout=out)
    return out.getvalue()


def secret_paste() -> Paste:
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


def everything_in(place: Path) -> bytes:
    """Return every object that lies in a repository, whether a ref reaches it or not."""
    listed = repository.git(place, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return repository.git(place, "cat-file", "--batch", stdin=listed)


def assert_gone(remote: Path, paste: Paste) -> None:
    """Fail when anything of a paste is still to be found from the branch."""
    reachable = repository.git(remote, "rev-list", "--objects", "main")
    oids = b"".join(line.split(b" ")[0] + b"\n" for line in reachable.splitlines())
    found = repository.git(remote, "cat-file", "--batch", stdin=oids)
    for trace in (SECRET.encode(), b"Adas title", b"Ada Lovelace", paste.key.encode()):
        assert trace not in found


def assert_right(remote: Path) -> None:
    """Fail unless rows, commits and tip say the same, and nothing is left to be done."""
    assert look().is_clean
    assert not Purge.objects.waiting().exists()
    known = dict(Change.objects.exclude(commit="").values_list("key", "commit"))
    assert set(known.values()) <= set(repository.commits(remote).values())
    named = {change.name: change.commit for change in Change.objects.exclude(commit="")}
    assert named == repository.commits(remote)
    repository.assert_sound(remote)


def test_nothing_is_left_of_a_purged_paste(remote: Path, settings: Settings) -> None:
    many.publish(3)
    drain()
    paste = secret_paste()
    many.publish(3)
    drain()

    said = purge(paste.key)

    assert "1 erased from the history" in said
    assert_gone(remote, paste)
    assert len(repository.changes(remote)) == 6
    assert_right(remote)
    assert paste.key.encode() not in everything_in(settings.GITSYNC_CLONE_DIR)


def test_the_database_keeps_a_tombstone_alone(remote: Path, client: Client) -> None:
    paste = secret_paste()

    purge(paste.key)

    stone = Tombstone.objects.get()
    assert (stone.key, stone.reason, len(stone.digest)) == (paste.key, "a password", 64)
    assert stone.by
    assert not File.objects.exists()
    assert Paste.objects.values_list("state", "title", "author").get() == (State.REMOVED, "", "")
    assert client.get(f"/{paste.key}").status_code == 404


def test_the_default_remote_drops_the_objects_too(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    many.publish(2)
    paste = secret_paste()
    drain()

    purge(paste.key)

    for place in (remote, settings.GITSYNC_CLONE_DIR):
        assert SECRET.encode() not in everything_in(place)
        assert paste.key.encode() not in everything_in(place)
    assert_right(remote)


def test_purging_the_only_paste_leaves_a_branch_with_nothing_in_it(remote: Path) -> None:
    paste = secret_paste()

    purge(paste.key)

    assert repository.files(remote) == {}
    assert_gone(remote, paste)
    many.publish(1)
    drain()
    assert_right(remote)


def test_many_purges_share_one_rewrite(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = many.publish(10)
    drain()
    pushes: list[str] = []
    push = Remote.push

    def counted(remote: Remote, clone: Repository, *, old: str, new: str) -> None:
        pushes.append(new)
        push(remote, clone, old=old, new=new)

    monkeypatch.setattr(Remote, "push", counted)

    purge(*keys[2:6])

    assert len(pushes) == 1
    assert len(repository.changes(remote)) == 6
    assert_right(remote)


def test_what_others_said_too_stays(remote: Path) -> None:
    paste = secret_paste()
    twin = writing.publish(Draft([NewFile(SECRET, "a.txt")]))
    drain()

    purge(paste.key)

    assert repository.text(remote, twin, "a.txt") == SECRET.encode()
    assert paste.key.encode() not in repository.git(remote, "log", "--format=%B", "--raw", "main")
    assert_right(remote)


def test_a_commit_of_somebody_who_touched_more_keeps_the_rest(remote: Path) -> None:
    paste = secret_paste()
    commit(remote, {f"{folder(paste.key)}/c d.txt": b"more", "notes/é": b"mine"}, message="Both, by hand")

    purge(paste.key)

    assert repository.files(remote) == {"notes/é": b"mine"}
    assert repository.subjects(remote) == ["Both, by hand", "A paste was purged"]
    assert_gone(remote, paste)


def test_only_what_came_after_is_made_anew(remote: Path) -> None:
    many.publish(5)
    drain()
    before = repository.tip(remote)
    paste = secret_paste()

    purge(paste.key)

    assert repository.git(remote, "rev-list", "--count", f"{before}..main") == b"1\n"
    assert repository.subjects(remote)[-1] == "A paste was purged"


@pytest.mark.parametrize("moment", ["before the push", "after the push", "before the objects are deleted"])
def test_a_crash_in_the_middle_is_finished_later(remote: Path, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    many.publish(3)
    paste = secret_paste()
    many.publish(3)
    drain()
    erasing.purge(paste.key, reason="x")
    push = Remote.push

    def crash(*args: Any, **more: Any) -> None:
        if moment == "after the push":
            push(*args, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if moment == "before the objects are deleted":
            patched.setattr("gitsync.repository.housekeeping.prune_unreachable", crash)
        else:
            patched.setattr(Remote, "push", crash)
        with pytest.raises(KeyboardInterrupt):
            drain()
    work_off()

    assert_gone(remote, paste)
    assert len(repository.changes(remote)) == 6
    assert_right(remote)


def test_nothing_brings_it_back(remote: Path) -> None:
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
    assert_right(remote)


def test_a_folder_that_somebody_puts_back_is_purged_again(remote: Path) -> None:
    paste = secret_paste()
    purge(paste.key)
    commit(remote, {f"{folder(paste.key)}/a.txt": SECRET.encode(), "notes": b"x"})
    many.publish(1)

    drain()

    assert "notes" in repository.files(remote)
    assert_gone(remote, paste)


def test_a_key_that_only_git_knows_can_be_purged(remote: Path) -> None:
    (other,) = many.publish(1)
    drain()
    commit(remote, {f"{folder('zzzzzzzzzz')}/a.txt": b"a secret of nobody"})

    purge("zzzzzzzzzz")

    assert repository.changes(remote) == [f"{other}.1"]
    assert blob_oid(b"a secret of nobody").encode() not in repository.git(remote, "rev-list", "--objects", "main")


def test_what_never_was_in_git_is_purged_from_the_database(remote: Path) -> None:
    many.publish(1)
    drain()
    tip = repository.tip(remote)
    paste = writing.publish(Draft([NewFile(SECRET)], burn=True))

    purge(paste.key)

    assert repository.tip(remote) == tip
    assert not File.objects.filter(content=SECRET).exists()


def test_what_cannot_be_a_key_is_refused(remote: Path) -> None:
    with pytest.raises(CommandError, match="cannot be the key"):
        purge("../../x")


def test_purging_twice_is_harmless(remote: Path) -> None:
    keys = many.publish(2)
    drain()
    purge(keys[0])
    tip = repository.tip(remote)

    purge(keys[0])

    assert repository.tip(remote) == tip
    assert Tombstone.objects.count() == 1
    assert_right(remote)


@pytest.mark.parametrize(("reason", "count"), [("a password", 1), ("  ", 0)])
def test_moderators_purge_with_a_reason(remote: Path, admin_client: Client, reason: str, count: int) -> None:
    paste = secret_paste()
    chosen = {"action": "purge", "_selected_action": str(paste.pk), "reason": reason}

    admin_client.post("/admin/pastes/paste/", chosen)
    work_off()

    assert [stone.by for stone in Tombstone.objects.all()] == ["admin"] * count
    assert bool(repository.files(remote)) == (count == 0)
    assert admin_client.get("/admin/pastes/tombstone/").status_code == 200
    assert admin_client.get("/admin/gitsync/purge/").status_code == 200
