"""Pinning host keys over SSH, with a real sshd: keys are displayed and compared, and only then pinned."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import Error, run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from gitsync import tasks
from gitsync.errors import HostKeyMismatchError
from gitsync.monitoring.signs import Signs
from gitsync.remote import host_keys
from gitsync.sync.drain import drain
from gitsync.sync.sweep import Sweep
from gitsync.watchdog import Watchdog
from tests import many, repository
from tests.servers.pasteur import ROOT
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]
WRONG = f"SHA256:{'A' * 43}"


@pytest.fixture
def unpinned(over_ssh: Sshd, settings: Settings, tmp_path: Path) -> Sshd:
    """Return a server with no pinned key yet, with the files in the data folder."""
    settings.GITSYNC_SSH_KNOWN_HOSTS_FILE = tmp_path / "data" / "known_hosts"
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    return over_ssh


@pytest.fixture
def threadless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start a worker without its threads, which would outlive the test and end its process as stuck."""
    monkeypatch.setattr(Sweep, "start", lambda _: None)
    monkeypatch.setattr(Watchdog, "start", lambda _: None)
    monkeypatch.setattr(Signs, "start", lambda _: None)


def trust(server: Sshd, *fingerprints: str) -> str:
    """Run the command and return its output."""
    out = StringIO()
    options = [f"--fingerprint={fingerprint}" for fingerprint in fingerprints]
    call_command("trust_host", f"127.0.0.1:{server.port}", *options, stdout=out)
    return out.getvalue()


def pins(settings: Settings, server: Sshd) -> list[str]:
    """Return the fingerprints that are pinned for the server."""
    file = settings.GITSYNC_SSH_KNOWN_HOSTS_FILE
    found = host_keys.pinned(file, "127.0.0.1", server.port) if file.exists() else []
    return [key.fingerprint for key in found]


def test_the_key_with_the_right_fingerprint_is_pinned_once(unpinned: Sshd, settings: Settings) -> None:
    shown = trust(unpinned, WRONG, unpinned.fingerprint)
    trust(unpinned, unpinned.fingerprint)

    assert unpinned.fingerprint in shown
    assert pins(settings, unpinned) == [unpinned.fingerprint]
    assert settings.GITSYNC_SSH_KNOWN_HOSTS_FILE.stat().st_mode & 0o777 == 0o600
    many.publish(1)
    assert drain().commits == 1


def test_nothing_is_pinned_when_no_fingerprint_is_right(unpinned: Sshd, settings: Settings) -> None:
    with pytest.raises(CommandError, match="Nothing was pinned") as caught:
        trust(unpinned, WRONG)

    assert caught.value.returncode == 1
    assert pins(settings, unpinned) == []


def test_without_a_terminal_a_fingerprint_is_required(unpinned: Sshd, settings: Settings) -> None:
    with pytest.raises(CommandError, match="not a terminal"):
        trust(unpinned)

    assert pins(settings, unpinned) == []


@pytest.mark.parametrize(("answer", "status"), [("yes", 0), ("y", 1)])
def test_at_a_terminal_the_user_confirms(unpinned: Sshd, tmp_path: Path, answer: str, status: int) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, str(ROOT / "manage.py"), "trust_host", f"127.0.0.1:{unpinned.port}"]
    told = {"PATH": os.environ["PATH"], "PASTEUR_DATA_DIR": str(tmp_path / "site")}
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=told) as process:
        os.write(ours, f"{answer}\n".encode())
        words = process.communicate(timeout=60)[0].decode()
    os.close(ours)
    os.close(theirs)

    assert process.returncode == status, words
    assert unpinned.fingerprint in words
    file = tmp_path / "site" / "known_hosts"
    assert file.exists() == (status == 0)


def test_a_host_that_does_not_respond_is_reported(unpinned: Sshd) -> None:
    unpinned.kill()
    with pytest.raises(CommandError, match="presents no host key"):
        trust(unpinned, WRONG)
    for host in ("-oProxyCommand=x", "a b", "169.254.169.254", "host:port", "host/x?y", ""):
        with pytest.raises(CommandError):
            call_command("trust_host", "--", host)


@pytest.mark.parametrize("fingerprint", ["", "MD5:aa:bb", "SHA256:short", f"{WRONG}=", f"sha256:{'A' * 43}"])
def test_an_invalid_fingerprint_is_rejected(unpinned: Sshd, fingerprint: str) -> None:
    with pytest.raises(CommandError):
        trust(unpinned, fingerprint)


@pytest.mark.usefixtures("threadless")
def test_a_worker_gets_its_key_and_pin_from_two_settings(unpinned: Sshd, settings: Settings, tmp_path: Path) -> None:
    settings.GITSYNC_SSH_KEY_FILE = tmp_path / "data" / "deploy_key"
    settings.GITSYNC_SSH_SEED = "a seed of more than thirty-two bytes in all"
    settings.GITSYNC_SSH_HOST_FINGERPRINT = [unpinned.fingerprint]
    assert not [message for message in run_checks() if isinstance(message, Error)]

    tasks.start()

    unpinned.authorized_keys.write_text((tmp_path / "data" / "deploy_key.pub").read_text())
    many.publish(1)
    assert drain().commits == 1
    assert pins(settings, unpinned) == [unpinned.fingerprint]


@pytest.mark.usefixtures("threadless")
def test_a_worker_starts_while_the_host_is_down_and_pins_it_later(unpinned: Sshd, settings: Settings) -> None:
    settings.GITSYNC_SSH_HOST_FINGERPRINT = [unpinned.fingerprint]
    unpinned.kill()
    tasks.start()
    unpinned.start()
    many.publish(1)

    assert drain().commits == 1


def test_a_host_with_a_different_fingerprint_is_not_pinned(unpinned: Sshd, settings: Settings) -> None:
    settings.GITSYNC_SSH_HOST_FINGERPRINT = [WRONG]
    many.publish(1)

    with pytest.raises(HostKeyMismatchError) as caught:
        drain()

    assert unpinned.fingerprint in str(caught.value)
    assert WRONG in str(caught.value)
    assert pins(settings, unpinned) == []
    assert not list((unpinned.repository / "refs" / "heads").iterdir())


def test_during_a_rotation_both_fingerprints_are_accepted(unpinned: Sshd, settings: Settings) -> None:
    first = unpinned.fingerprint
    settings.GITSYNC_SSH_HOST_FINGERPRINT = [first]
    many.publish(1)
    drain()
    unpinned.kill()
    unpinned.change_host_key()
    unpinned.start()
    settings.GITSYNC_SSH_HOST_FINGERPRINT = [first, unpinned.fingerprint]
    many.publish(1)

    with pytest.raises(HostKeyMismatchError):
        drain()
    drain()

    assert pins(settings, unpinned) == [first, unpinned.fingerprint]
    assert len(repository.changes(unpinned.repository)) == 2
