"""The purge command: an unknown key purges nothing, and the remote's messages about a paste are erased with it."""

from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from gitsync.format.tree import folder
from gitsync.models import Change, Mirror
from gitsync.remote import partial_clone
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.schedule import work_off
from pastes.lifecycle import erasing, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, State, Tombstone, blob_oid
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.purge.test_purge import SECRET, assert_consistent, purge

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.mark.parametrize("invalid", ["0123456780", "../../x", "K3X9M2P7AB"])
def test_an_unknown_key_purges_nothing(remote: Path, invalid: str) -> None:
    keys = many.publish(2)
    drain()
    tip = repository.tip(remote)

    with pytest.raises(CommandError, match=r"nothing was purged") as refused:
        purge(keys[0], invalid, keys[1])

    assert refused.value.returncode == 1
    assert invalid in str(refused.value)
    assert not Tombstone.objects.exists()
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 2
    assert repository.tip(remote) == tip


def test_a_key_that_is_only_in_old_history_can_be_purged(remote: Path, settings: Settings) -> None:
    keys = many.publish(2)
    commit(remote, {f"{folder('zzzzzzzzzz')}/a.txt": SECRET.encode()})
    commit(remote, {folder("zzzzzzzzzz"): None})
    Mirror.of(str(remote), "main")
    Mirror.objects.update(tip=repository.tip(remote))
    repository.git(remote, "config", "uploadpack.allowFilter", "true")
    drain()
    assert partial_clone.is_shallow(Repository(settings.GITSYNC_CLONE_DIR))

    purge("zzzzzzzzzz", keys[0])

    assert blob_oid(SECRET.encode()).encode() not in repository.git(remote, "rev-list", "--objects", "main")
    assert len(repository.changes(remote)) == 1


def test_an_unknown_key_is_refused_while_the_remote_is_unreachable(remote: Path) -> None:
    keys = many.publish(1)
    remote.rename(remote.with_suffix(".away"))

    with pytest.raises(CommandError, match=r"Could not check whether Git has 0123456780") as refused:
        purge("0123456780", keys[0])

    assert refused.value.returncode == 1
    assert not Tombstone.objects.exists()


def test_a_purge_erases_the_rejection_message_of_its_changes(remote: Path) -> None:
    many.hook(remote, "pre-receive", "git grep -h secret $(cut -d' ' -f2) >&2 && exit 1; exit 0")
    paste = writing.publish(Draft([NewFile(SECRET, "a.txt")]))
    many.publish(3)
    for _ in range(5):
        work_off()
        Mirror.objects.update(retry_at=None)
    assert SECRET.strip() in Change.objects.rejected().get().rejection

    purge(paste.key)

    assert not Change.objects.exclude(rejection="").exists()
    assert not Change.objects.filter(settled_at=None).exists()
    assert_consistent(remote)


def test_a_purge_erases_the_last_error_of_the_mirror(remote: Path) -> None:
    hook = many.hook(remote, "pre-receive", f"echo '{SECRET.strip()}' >&2; exit 1")
    paste = writing.publish(Draft([NewFile(SECRET, "a.txt")]))
    work_off()
    assert SECRET.strip() in Mirror.objects.get().error

    erasing.purge(paste.key, reason="x")

    assert SECRET.strip() not in Mirror.objects.get().error
    hook.unlink()
    Mirror.objects.update(retry_at=None)
    work_off()
    assert Mirror.objects.get().error == ""


def test_a_rejection_message_about_a_paste_purged_during_the_push_is_not_stored(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.hook(remote, "pre-receive", f"echo '{SECRET.strip()}' >&2; exit 1")
    paste = writing.publish(Draft([NewFile(SECRET, "a.txt")]))
    push = Remote.push

    def purge_and_push(remote: Remote, clone: Repository, *, old: str, new: str) -> None:
        erasing.purge(paste.key, reason="x")
        push(remote, clone, old=old, new=new)

    monkeypatch.setattr(Remote, "push", purge_and_push)

    work_off()

    assert SECRET.strip() not in Mirror.objects.get().error
    assert not Change.objects.exclude(rejection="").exists()
