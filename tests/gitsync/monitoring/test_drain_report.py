"""Each drain that did something is reported with counts, duration and range, in the log and in the mirror's row."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from gitsync.errors import GitsyncError
from gitsync.format.tree import folder
from gitsync.models import Mirror
from gitsync.remote.git_remote import Remote
from gitsync.sync.drain import drain
from gitsync.sync.schedule import work_off
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.monitoring.test_mirror_status import status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Capture the log at the site's log level."""
    caplog.set_level("INFO")
    return caplog


def last_line(log: pytest.LogCaptureFixture) -> str:
    """Return the last line about a drain, without its duration; the mirror's row must contain the same line."""
    lines = [message for message in log.messages if message.startswith("drain")]
    assert Mirror.objects.get().last_drain == lines[-1]
    assert Mirror.objects.get().drain_began_at is None
    words, seconds = re.subn(r" seconds=\d+\.\d{3}", "", lines[-1])
    assert seconds == 1
    return words


def test_a_drain_reports_counts_seconds_and_range(
    remote: Path, log: pytest.LogCaptureFixture, admin_client: Client
) -> None:
    many.publish(2)
    work_off()
    first = repository.tip(remote)[:10]
    assert last_line(log) == f"drained settled=2 commits=2 arrived=0 read=0 purged=0 range=..{first}"
    many.publish(1)
    work_off()
    second = repository.tip(remote)[:10]
    assert last_line(log) == f"drained settled=1 commits=1 arrived=0 read=0 purged=0 range={first}..{second}"

    lines = len(log.messages)
    drain()
    mirror = Mirror.objects.get()
    assert len(log.messages) == lines, "a look that found nothing"
    assert mirror.last_drain in status()[0]
    assert mirror.last_drain in admin_client.get(f"/admin/gitsync/mirror/{mirror.pk}/change/").content.decode()


def test_pushes_by_others_are_reported(remote: Path, log: pytest.LogCaptureFixture) -> None:
    kept, gone = many.publish(2)
    drain()
    old = repository.tip(remote)[:10]
    path = folder(gone)
    commit(remote, {f"{path}/.pasteur.json": None, f"{path}/1.txt": None})
    drain()
    new = repository.tip(remote)[:10]
    assert last_line(log).endswith(f"read=1 purged=0 range={old}..{new}")

    commit(remote, {f"{folder(kept)}/0.txt": b"theirs"})
    call_command("read_from_git", stdout=StringIO(), stderr=StringIO())
    words = [message for message in log.messages if message.startswith("drained")]
    assert "settled=0 commits=0 arrived=0 read=1" in words[-2]
    assert "settled=1 commits=1 arrived=0 read=0" in words[-1]


def test_a_purge_is_reported(remote: Path, log: pytest.LogCaptureFixture) -> None:
    kept, gone = many.publish(2)
    drain()

    call_command("purge", gone, "--reason", "a test", stdout=StringIO(), stderr=StringIO())

    lines = [message for message in log.messages if message.startswith("drained")]
    assert any("purged=1" in line for line in lines)
    assert repository.changes(remote)[0] == f"{kept}.1"


def test_a_failed_drain_is_reported(remote: Path, log: pytest.LogCaptureFixture) -> None:
    many.publish(1)
    drain()
    tip = repository.tip(remote)[:10]
    many.hook(remote, "pre-receive", "exit 1")
    many.publish(1)

    with pytest.raises(GitsyncError):
        drain()

    expected = f"drain failed code=refused settled=0 commits=0 arrived=0 read=0 purged=0 range={tip}..{tip}"
    assert last_line(log) == expected
    assert expected.partition(" settled")[0] in status()[0]


def test_a_running_drain_is_reported(remote: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    push = Remote.push
    seen = []

    def look_and_push(*args: object, **kwargs: object) -> None:
        seen.append(status()[0])
        push(*args, **kwargs)  # type: ignore[arg-type]  # handed through as they came

    monkeypatch.setattr(Remote, "push", look_and_push)
    many.publish(1)
    drain()

    assert "draining   since" in seen[0]
    assert "draining" not in status()[0]
