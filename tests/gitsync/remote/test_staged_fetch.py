"""A long history is fetched in stages from remotes that support this, and all at once from others."""

import logging
import shutil
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.format.tree import folder
from gitsync.remote import git_remote
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.contributor import Contributor
from tests.gitsync.inbound.test_read_in import publish_and_drain
from tests.gitsync.purge.test_purge import purge
from tests.gitsync.recovery.test_restore import clear_database, database_content, restore
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]

STAGES = "of the history, up to"


@pytest.fixture(autouse=True)
def short_stages(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Set the stage length to three commits, and log the arrival of each stage."""
    monkeypatch.setattr(git_remote, "STAGE_COMMITS", 3)
    caplog.set_level(logging.INFO)


def create_history_with_merges(place: Path) -> None:
    """Create a history of eleven first-parent commits, with merged side branches."""
    many.publish(4)
    drain()
    eve = Contributor(place)
    eve.branch("side", {"NOTES": "x"})
    eve.branch("late", {f"{folder('handmade00')}/a.txt": "by hand\n"})
    eve.unrelated("elsewhere", {"OTHER": "x"})
    eve.merge("side", files={})
    eve.push()
    many.publish(3)
    drain()
    eve.git("pull", "--quiet", "--ff-only")
    eve.merge("late", files={"NOTES": "y"})
    eve.merge("elsewhere", files={})
    eve.push()
    drain()


def assert_complete(place: Path, settings: Settings) -> None:
    """Fail unless an empty clone receives everything in a repository."""
    shutil.rmtree(settings.GITSYNC_CLONE_DIR)
    clone = Repository.open(settings.GITSYNC_CLONE_DIR)

    tip = Remote.configured().fetch_all(clone)

    assert tip == repository.tip(place)
    listed = ("rev-list", "--objects", tip)
    assert repository.git(clone.path, *listed) == repository.git(place, *listed)
    assert not list(clone.path.glob("objects/pack/*.promisor"))
    repository.assert_sound(clone.path)


def test_a_long_history_is_fetched_in_stages(
    remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    repository.git(remote, "config", "uploadpack.allowFilter", "true")
    create_history_with_merges(remote)

    assert_complete(remote, settings)

    assert caplog.text.count(STAGES) == 3


def test_a_remote_without_filters_is_asked_once(
    remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    repository.git(remote, "config", "uploadpack.allowFilter", "false")
    create_history_with_merges(remote)

    assert_complete(remote, settings)

    assert STAGES not in caplog.text


def test_a_remote_without_tree_filters_sends_everything_at_once(
    remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    repository.git(remote, "config", "uploadpack.allowFilter", "true")
    repository.git(remote, "config", "uploadpackfilter.tree.allow", "false")
    create_history_with_merges(remote)

    assert_complete(remote, settings)

    assert "does not send commits on their own" in caplog.text


def test_a_remote_without_individual_commits_sends_everything_at_once(
    over_ssh: Sshd, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    repository.git(over_ssh.repository, "config", "uploadpack.allowFilter", "true")
    create_history_with_merges(over_ssh.repository)

    assert_complete(over_ssh.repository, settings)

    assert "stage 1 of the history cannot be fetched on its own" in caplog.text


@pytest.mark.database
def test_everything_is_restored_from_stages(remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    repository.git(remote, "config", "uploadpack.allowFilter", "true")
    create_history_with_merges(remote)
    before = database_content()
    clear_database()

    restore()

    assert database_content() == before
    assert caplog.text.count(STAGES) == 3
    drain()
    assert look().is_clean


def test_a_purge_in_a_shallow_clone_fetches_the_history_in_stages(
    remote: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    repository.git(remote, "config", "uploadpack.allowFilter", "true")
    paste = publish_and_drain("a password\n")
    create_history_with_merges(remote)
    shutil.rmtree(settings.GITSYNC_CLONE_DIR)
    many.publish(1)
    drain()
    assert STAGES not in caplog.text

    purge(paste.key)

    assert caplog.text.count(STAGES) >= 3
    assert folder(paste.key) not in repository.git(remote, "rev-list", "--objects", "main").decode()
    assert Paste.objects.exclude(key=paste.key).count() == 9
    assert look().is_clean
    repository.assert_sound(remote)
