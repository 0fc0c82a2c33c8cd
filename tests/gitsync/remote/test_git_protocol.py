"""A remote over git://, with a real git daemon."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.errors import AccessDeniedError, RemoteUnreachableError
from gitsync.models import Change
from gitsync.remote import addresses
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests import many, repository
from tests.gitsync.remote.test_ssh import TEXTS
from tests.servers.git_daemon import GitDaemon

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]


@pytest.fixture
def daemon(settings: Settings, tmp_path: Path) -> Iterator[GitDaemon]:
    """Return a server that is configured as the remote."""
    with GitDaemon() as server:
        settings.GITSYNC_REMOTE = server.url
        settings.GITSYNC_IS_DEFAULT_REMOTE = False
        settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
        yield server


def test_pastes_arrive_byte_for_byte(daemon: GitDaemon) -> None:
    pasted = {name: writing.publish(Draft([NewFile(text, name)])) for name, text in TEXTS.items()}

    drain()

    for name, paste in pasted.items():
        assert repository.text(daemon.repository, paste, name) == TEXTS[name].encode()
    assert addresses.push_interval() == 10.0
    repository.assert_sound(daemon.repository)


def test_a_read_only_daemon_is_denied(daemon: GitDaemon, settings: Settings) -> None:
    repository.git(daemon.repository, "config", "daemon.receivepack", "false")
    many.publish(1)

    with pytest.raises(AccessDeniedError):
        drain()

    repository.git(daemon.repository, "config", "daemon.receivepack", "true")
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    assert drain().commits == 1


def test_a_stopped_daemon_is_unreachable_and_pasting_continues(daemon: GitDaemon) -> None:
    daemon.kill()
    many.publish(1)

    with pytest.raises(RemoteUnreachableError):
        drain()

    assert Change.objects.pending().count() == 1
