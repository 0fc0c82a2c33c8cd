"""A remote that is no longer the same: replaced by another repository, with a renamed branch, or losing pushes."""

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gitsync.errors import BranchRenamedError, UnrelatedError
from gitsync.models import Change, Mirror
from gitsync.repository.repository import Repository
from gitsync.sync import resync, schedule
from gitsync.sync.drain import drain
from pastes.lifecycle import erasing
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.servers import git_repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def replace_by_other_repository(remote: Path) -> str:
    """Replace the remote with a repository that contains one unrelated file, and return its tip."""
    shutil.rmtree(remote)
    git_repository.create(remote)
    commit(remote, {"notes.txt": b"of another project\n"})
    return repository.tip(remote)


@pytest.mark.parametrize("is_new_clone", [False, True])
def test_an_unrelated_repository_is_refused_until_it_is_adopted(remote: Path, *, is_new_clone: bool) -> None:
    many.publish(3)
    drain()
    known = Mirror.objects.get(remote=str(remote)).tip
    unrelated = replace_by_other_repository(remote)
    many.publish(1)
    if is_new_clone:
        Repository(remote.with_name("clone.git")).discard()

    assert schedule.work_off()

    mirror = Mirror.objects.get(remote=str(remote))
    assert (mirror.error_code, mirror.tip) == ("unrelated", known)
    assert repository.tip(remote) == unrelated
    assert Paste.objects.count() == 4
    assert Change.objects.filter(settled_at=None).count() == 1
    for command in (["resync_git"], ["read_from_git"]):
        with pytest.raises(CommandError, match="--adopt"):
            call_command(*command, stdout=StringIO())

    call_command("resync_git", "--adopt", stdout=StringIO(), stderr=StringIO())

    assert resync.look().is_clean
    assert repository.git(remote, "merge-base", "--is-ancestor", unrelated, "main") == b""
    assert Paste.objects.count() == 4
    Mirror.objects.update(retry_at=None, fetched_at=None)
    assert schedule.work_off() is None
    assert Mirror.objects.get(remote=str(remote)).error_code == ""


def test_a_new_remote_with_an_unrelated_history_is_refused(remote: Path, settings: Settings, tmp_path: Path) -> None:
    many.publish(1)
    drain()
    other = tmp_path / "other.git"
    git_repository.create(other)
    commit(other, {"notes.txt": b"of another project\n"})
    settings.GITSYNC_REMOTE = str(other)

    with pytest.raises(UnrelatedError):
        drain()

    assert not Change.objects.filter(settled_at=None).exists()


def test_the_first_contact_with_a_filled_repository_succeeds(remote: Path) -> None:
    commit(remote, {"README": b"Pastes\n"})
    many.publish(1)

    assert drain().commits == 1


def test_an_empty_repository_in_place_of_the_previous_one_is_filled(remote: Path) -> None:
    many.publish(2)
    drain()
    shutil.rmtree(remote)
    git_repository.create(remote)

    drain()

    assert resync.look().is_clean


def test_a_history_rewritten_by_another_site_is_related(remote: Path, tmp_path: Path) -> None:
    purged, kept = many.publish(2)
    drain()
    row = Mirror.objects.get(remote=str(remote))
    old = row.tip
    erasing.purge(purged, reason="a password")
    drain()
    assert old
    assert not repository.git(remote, "log", "--format=%H", "main").decode().count(old)
    Mirror.objects.update(tip=old, fetched_at=None)  # The state of a site that has not purged.

    drain()

    assert Paste.objects.filter(key=kept).exists()
    assert resync.look().is_clean


@pytest.mark.parametrize("is_ahead", [False, True])
def test_a_renamed_branch_is_reported_and_not_recreated(remote: Path, settings: Settings, *, is_ahead: bool) -> None:
    many.publish(2)
    drain()
    repository.git(remote, "branch", "-m", "main", "trunk")
    repository.git(remote, "symbolic-ref", "HEAD", "refs/heads/trunk")
    if is_ahead:
        commit(remote, {"README": b"Pastes\n"}, branch="trunk")
    many.publish(1)

    with pytest.raises(BranchRenamedError, match="trunk"):
        drain()

    assert repository.git(remote, "for-each-ref", "--format=%(refname)").decode().split() == ["refs/heads/trunk"]
    assert Change.objects.filter(settled_at=None).count() == 1
    settings.GITSYNC_BRANCH = "trunk"
    drain()
    assert resync.look().is_clean


def test_a_renamed_branch_is_recreated_with_adopt(remote: Path) -> None:
    many.publish(2)
    drain()
    repository.git(remote, "branch", "-m", "main", "trunk")

    call_command("resync_git", "--adopt", stdout=StringIO(), stderr=StringIO())

    assert len(repository.subjects(remote)) == 2


def test_a_deleted_branch_is_recreated_if_others_exist(remote: Path) -> None:
    many.publish(2)
    drain()
    repository.git(remote, "update-ref", "-d", "refs/heads/main")
    commit(remote, {"index.html": b"pages\n"}, branch="pages")

    drain()

    assert resync.look().is_clean


def test_a_remote_that_drops_pushes_immediately_is_reported_and_retried_less_often(remote: Path) -> None:
    many.publish(1)
    drain()
    kept = repository.tip(remote)
    many.hook(remote, "post-receive", f"git update-ref refs/heads/main {kept}; echo >> {remote}/pushes")
    many.publish(1)
    delays = []

    for _ in range(4):
        Mirror.objects.update(retry_at=None)
        delays.append(schedule.work_off() or 0)

    mirror = Mirror.objects.get(remote=str(remote))
    assert mirror.error_code == "push_lost"
    assert delays[-1] > 3 * delays[0] > 0
    assert (remote / "pushes").read_text().count("\n") == 4
    assert Change.objects.filter(settled_at=None).count() == 1


def test_a_remote_that_drops_pushes_later_is_reported_and_retried_less_often(remote: Path) -> None:
    many.publish(1)
    drain()
    kept = repository.tip(remote)
    many.publish(1)
    delays = []

    for _ in range(6):
        Mirror.objects.update(retry_at=None, fetched_at=None)
        delays.append(schedule.work_off() or 0)
        repository.git(remote, "update-ref", "refs/heads/main", kept)

    mirror = Mirror.objects.get(remote=str(remote))
    assert mirror.error_code == "push_lost"
    assert mirror.failures >= 2
    assert max(delays) > 15


def test_a_push_that_persists_clears_the_error(remote: Path) -> None:
    many.publish(1)
    drain()
    Mirror.objects.update(lost_pushes=3, failures=3, error_code="push_lost", fetched_at=None)
    schedule.work_off()
    assert Mirror.objects.get(remote=str(remote)).error_code == "push_lost"

    Mirror.objects.update(arrived_at="2020-01-01T00:00Z", fetched_at=None)
    schedule.work_off()

    mirror = Mirror.objects.get(remote=str(remote))
    assert (mirror.error_code, mirror.lost_pushes, mirror.failures) == ("", 0, 0)
