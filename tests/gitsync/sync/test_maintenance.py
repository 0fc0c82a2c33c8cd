"""Maintenance keeps the clone and the default remote fast and small, and does not touch other repositories."""

import subprocess
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.models import Change
from gitsync.remote.git_remote import Remote
from gitsync.repository.access import with_clone
from gitsync.repository.object_ids import ObjectIds
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.maintenance import maintain
from gitsync.tasks import maintain as task
from tests import many, repository

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def default_remote(settings: Settings, tmp_path: Path) -> Path:
    """Return the default remote, created the way the worker does."""
    settings.GITSYNC_REMOTE = str(tmp_path / "mirror.git")
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
    Remote.configured().prepare()
    return tmp_path / "mirror.git"


def graph(path: Path) -> Path:
    """Return the path of the commit-graph."""
    return path / "objects" / "info" / "commit-graph"


def test_drains_continue_after_maintenance_of_the_default_remote(default_remote: Path) -> None:
    for _ in range(3):
        many.publish(2)
        drain()

    task()

    assert graph(default_remote).is_file()
    assert "refs/heads/main" in (default_remote / "packed-refs").read_text()
    many.publish(2)
    drain()
    assert len(repository.changes(default_remote)) == 8
    repository.assert_sound(default_remote)


def test_maintenance_changes_the_clone_but_not_a_configured_remote(remote: Path, settings: Settings) -> None:
    many.publish(3)
    drain()
    before = sorted(remote.rglob("*"))

    maintain()

    assert graph(settings.GITSYNC_CLONE_DIR).is_file()
    assert sorted(remote.rglob("*")) == before
    many.publish(1)
    drain()
    assert len(repository.changes(remote)) == 4


def test_maintenance_is_skipped_while_another_process_writes(default_remote: Path) -> None:
    many.publish(1)
    drain()

    with_clone(lambda _: maintain())

    assert not graph(default_remote).exists()


def test_a_damaged_clone_is_replaced(remote: Path, settings: Settings) -> None:
    many.publish(3)
    drain()
    for pack in settings.GITSYNC_CLONE_DIR.glob("objects/pack/*.pack"):
        pack.unlink()

    maintain()

    many.publish(1)
    drain()
    assert len(repository.changes(remote)) == 4


def test_before_the_first_drain_there_is_nothing_to_do(default_remote: Path) -> None:
    maintain()
    many.publish(1)

    assert drain().commits == 1


def test_history_reset_after_maintenance_is_recreated(remote: Path) -> None:
    many.publish(10)
    drain()
    maintain()
    repository.git(remote, "update-ref", "refs/heads/main", f"{repository.tip(remote)}~4")
    many.publish(1)

    drain()

    assert len(repository.changes(remote)) == 11
    assert Change.objects.exclude(commit="").count() == 11


def test_ancestors_match_git_and_take_eight_bytes_each(remote: Path, settings: Settings) -> None:
    many.publish(20)
    drain()
    listed = repository.git(remote, "rev-list", "main").split()

    found = Repository(settings.GITSYNC_CLONE_DIR).history(repository.tip(remote))

    assert len(found) == 20
    assert all(commit.decode() in found for commit in listed)
    assert "0" * 40 not in found
    assert "f" * 40 not in found
    assert listed[0].decode()[::-1] not in found
    many_lines = ObjectIds(b"%040x\n" % (n << 96) for n in range(50_000))
    assert len(many_lines) == 50_000
    assert f"{49_999 << 96:040x}" in many_lines
    assert {bucket.itemsize for bucket in many_lines._buckets} == {8}


def test_the_long_life_benchmark_runs(tmp_path: Path) -> None:
    command = [".venv/bin/python", "-m", "bench.year", "--commits", "40", "--drain", "2", "--maintain", "5"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "drain at the end" in done.stdout
