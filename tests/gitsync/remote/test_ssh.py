"""A remote over SSH, with a real sshd, a deploy key and a pinned host key."""

import os
import re
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import Error, run_checks
from django.utils import timezone
from pytest_django import Settings

from gitsync.errors import (
    AccessDeniedError,
    HostKeyMismatchError,
    MisconfiguredError,
    RemoteRefusedError,
    RemoteTimeoutError,
    RemoteUnreachableError,
)
from gitsync.models import Change, Mirror
from gitsync.remote import git_remote
from gitsync.sync import schedule
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests import many, repository
from tests.servers.process import wait_until
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]


def test_pastes_arrive_byte_for_byte(over_ssh: Sshd) -> None:
    pasted = {name: writing.publish(Draft([NewFile(text, name)])) for name, text in TEXTS.items()}

    drain()

    for name, paste in pasted.items():
        assert repository.text(over_ssh.repository, paste, name) == TEXTS[name].encode()
    assert len(repository.changes(over_ssh.repository)) == len(TEXTS)
    repository.assert_sound(over_ssh.repository)
    assert not [message for message in run_checks() if isinstance(message, Error)]


TEXTS = {
    "lf.txt": "one\ntwo\n",
    "crlf.txt": "one\r\ntwo\r\n",
    "cr.txt": "one\rtwo",
    "bom.txt": "\ufeffbom",
    "unicode.txt": "é → 名前 👩‍💻 \u2028 \uffff",
    "control.txt": "\x1b[31mred\x07",
    "object.txt": "tree 29a7\nparent x\nauthor Eve <e@x> 1 +0000\n\ncommit refs/heads/main\ndata 4\n",
}


def test_the_url_selects_no_other_key_host_or_configuration(over_ssh: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere")
    many.publish(1)

    drain()

    assert not Change.objects.pending().exists()


@pytest.mark.fault
def test_a_changed_host_key_is_never_accepted(over_ssh: Sshd) -> None:
    expected = over_ssh.fingerprint
    over_ssh.kill()
    over_ssh.change_host_key()
    over_ssh.start()
    many.publish(1)

    with pytest.raises(HostKeyMismatchError) as caught:
        drain()

    first, _, _ = str(caught.value).partition("\n")
    assert first == f"[127.0.0.1]:{over_ssh.port} presents {over_ssh.fingerprint}; pinned is {expected}"
    assert expected != over_ssh.fingerprint
    assert not list((over_ssh.repository / "refs" / "heads").iterdir())

    over_ssh.pin()
    assert drain().commits == 1


@pytest.mark.fault
def test_the_error_for_an_unpinned_host_contains_its_key(over_ssh: Sshd) -> None:
    over_ssh.known_hosts_file.write_text(over_ssh.known_hosts_file.read_text().replace("127.0.0.1", "127.0.0.2"))
    many.publish(1)

    with pytest.raises(HostKeyMismatchError, match=f"presents {re.escape(over_ssh.fingerprint)}; pinned is nothing"):
        drain()


@pytest.mark.fault
def test_a_revoked_key_is_denied_and_a_restored_one_catches_up(over_ssh: Sshd) -> None:
    many.publish(2)
    over_ssh.revoke()
    with pytest.raises(AccessDeniedError):
        drain()

    over_ssh.authorize()

    assert drain().commits == 2


@pytest.mark.fault
@pytest.mark.alone
def test_a_host_that_refuses_connections_is_unreachable_immediately(over_ssh: Sshd) -> None:
    over_ssh.kill()
    many.publish(1)
    started = time.monotonic()

    with pytest.raises(RemoteUnreachableError, match="refused"):
        drain()

    assert time.monotonic() - started < 2


def test_a_missing_repository_is_unreachable_and_pasting_continues(over_ssh: Sshd) -> None:
    shutil.rmtree(over_ssh.repository)
    many.publish(1)

    with pytest.raises(RemoteUnreachableError, match="not appear to be a git repository"):
        drain()

    assert Change.objects.pending().count() == 1


def test_a_rejection_by_a_hook_contains_its_message(over_ssh: Sshd) -> None:
    many.hook(over_ssh.repository, "pre-receive", "echo 'too many cooks' >&2; exit 1")
    many.publish(1)

    with pytest.raises(RemoteRefusedError, match="too many cooks"):
        drain()


@pytest.mark.fault
def test_a_push_ends_in_time_whatever_the_remote_does(over_ssh: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    many.hook(over_ssh.repository, "pre-receive", "sleep 60")
    monkeypatch.setattr(git_remote, "PUSH_SECONDS", 2.0)
    many.publish(1)
    started = time.monotonic()

    with pytest.raises(RemoteTimeoutError):
        drain()

    assert time.monotonic() - started < 20
    wait_until(lambda: not ssh_processes(over_ssh), "the killed client is gone", seconds=10)


@pytest.mark.fault
def test_a_push_applied_after_its_timeout_is_recognized(over_ssh: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = many.hook(over_ssh.repository, "pre-receive", "sleep 4")
    monkeypatch.setattr(git_remote, "PUSH_SECONDS", 1.0)
    many.publish(3)
    with pytest.raises(RemoteTimeoutError):
        drain()
    monkeypatch.undo()
    hook.unlink()
    time.sleep(4)

    Mirror.objects.update(retry_at=None, pushed_at=None)
    while Change.objects.pending().exists():
        schedule.work_off()

    assert len(repository.changes(over_ssh.repository)) == 3
    assert Change.objects.exclude(commit="").count() == 3


def ssh_processes(server: Sshd) -> list[str]:
    """Return the command lines of SSH clients that still use the server's key."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # It has just exited.
        if words.startswith("ssh ") and str(server.key_file) in words:
            found.append(words)
    return found


def test_pushes_respect_their_interval(over_ssh: Sshd, settings: Settings) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 300.0
    many.publish(1)
    assert schedule.work_off() is None, "the first push after a pause goes at once"
    many.publish(1)

    seconds = schedule.work_off()

    assert seconds is not None
    assert 0 < seconds <= 300
    assert Change.objects.pending().count() == 1
    Mirror.objects.update(pushed_at=timezone.now() - timedelta(seconds=300))
    assert schedule.work_off() is None


def test_failures_are_retried_at_increasing_intervals(over_ssh: Sshd) -> None:
    over_ssh.revoke()
    many.publish(1)
    delays = []
    for _ in range(3):
        Mirror.objects.update(retry_at=None, pushed_at=None)
        delays.append(schedule.work_off() or 0)

    mirror = Mirror.objects.get(remote=over_ssh.url)
    assert (mirror.failures, mirror.error_code) == (3, "denied")
    assert 7 < delays[0] <= 10 < delays[1] <= 20 < delays[2] <= 40
    over_ssh.authorize()
    Mirror.objects.update(retry_at=None)
    assert schedule.work_off() is None
    assert Mirror.objects.get(remote=over_ssh.url).error_code == ""


@pytest.mark.fault
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_readable_by_other_users_is_not_used(over_ssh: Sshd, mode: int) -> None:
    over_ssh.key_file.chmod(mode)
    many.publish(1)

    with pytest.raises(MisconfiguredError, match="must be 0600"):
        drain()

    assert [message.id for message in run_checks() if isinstance(message, Error)] == ["gitsync.E003"]


@pytest.mark.fault
def test_a_key_with_a_passphrase_is_reported_at_startup(over_ssh: Sshd) -> None:
    change = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(over_ssh.key_file)]
    subprocess.run(change, check=True, stdout=subprocess.DEVNULL)

    (found,) = [message for message in run_checks() if isinstance(message, Error)]

    assert "passphrase" in found.msg
    assert "secret" not in found.msg


@pytest.mark.fault
def test_a_missing_key_is_reported_at_startup(over_ssh: Sshd) -> None:
    over_ssh.key_file.unlink()

    (found,) = [message for message in run_checks() if isinstance(message, Error)]

    assert str(over_ssh.key_file) in found.msg
    assert "0600" in str(found.hint)


@pytest.mark.fault
def test_a_key_of_another_user_is_reported_at_startup(over_ssh: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() == 0:
        os.chown(over_ssh.key_file, 65_534, -1)
    else:  # A user who cannot change a file's owner becomes a different user instead.
        monkeypatch.setattr(os, "getuid", lambda: 65_534)
    many.publish(1)

    (found,) = [message for message in run_checks() if isinstance(message, Error)]
    with pytest.raises(MisconfiguredError, match="belongs to another user"):
        drain()

    assert str(over_ssh.key_file) in found.msg
    assert "0600" in str(found.hint)


@pytest.mark.fault
@pytest.mark.parametrize("content", ["", "# a comment\n", None])
def test_nothing_is_sent_to_an_unpinned_host(over_ssh: Sshd, content: str | None) -> None:
    if content is None:
        over_ssh.known_hosts_file.unlink()
    else:
        over_ssh.known_hosts_file.write_text(content)
    many.publish(1)

    with pytest.raises(MisconfiguredError):
        drain()

    assert [message.id for message in run_checks() if isinstance(message, Error)] == ["gitsync.E004"]
    assert not list((over_ssh.repository / "refs" / "heads").iterdir())
