"""Each message from a remote is translated to a specific error; problems with the remote are not blamed on a paste."""

from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.models import Change, Mirror
from gitsync.monitoring import mirror_status
from gitsync.remote.git_errors import meaning
from gitsync.repository.process import Finished
from gitsync.repository.repository import Repository
from gitsync.sync import schedule
from tests import many
from tests.servers.git_http import GitHttp

_REJECTED = b"!\tHEAD:refs/heads/main\t[remote rejected] (unpacker error)\n"


@pytest.mark.parametrize(
    ("stdout", "stderr", "code"),
    [
        (_REJECTED, "remote: fatal: write error: No space left on device", "remote_disk"),
        (b"", "remote: fatal: write error: No space left on device", "remote_disk"),
        (b"", "fatal: write error: No space left on device", "disk"),
        (b"", "fatal: unable to access: The requested URL returned error: 429", "rate_limited"),
        (b"", "ERROR: This repository was archived so it is read-only.\nfatal: remote error", "archived"),
        (b"", "remote: This repository was archived so it is read-only.", "archived"),
        (b"", "fatal: mismatched algorithms: client sha1; server sha256", "hash_algorithm"),
        (b"", "fatal: unable to access 'https://h/x/': The requested URL returned error: 301", "relocated"),
        (b"", "remote: ERROR: This endpoint has been requested too many times.\nfatal: Could not read", "rate_limited"),
        (b"", "remote: GitLab: You can't push code to an archived project.\nfatal: Could not read", "archived"),
        (b"", "fatal: the receiving end does not support this repository's hash algorithm", "hash_algorithm"),
        (b"", "fatal: unknown repository extension found:\n\trefstorage\nfatal: Could not read", "storage_format"),
        (b"", "fatal: Expected git repo version <= 1, found 2", "storage_format"),
        (b"", "fatal: remote error: service not enabled: /x.git", "no_receive_pack"),
        (b"", "bash: line 1: git-receive-pack: command not found\nfatal: Could not read", "no_receive_pack"),
        (b"", "fatal: unrecognized command 'git-receive-pack '/x.git''", "no_receive_pack"),
        (_REJECTED, "remote: too many requests in the text of a visitor", "refused"),
        (_REJECTED, "remote: this repository was archived, says a text", "refused"),
        (_REJECTED, "remote: fatal: write error: Read-only file system", "locked"),
        (b"!\tx:y\t[remote rejected] (pre-receive hook declined)\n", "remote: no", "refused"),
    ],
)
def test_messages_are_translated_to_errors(tmp_path: Path, stdout: bytes, stderr: str, code: str) -> None:
    finished = Finished(1, stdout, stderr)

    assert meaning("push", finished, Repository(tmp_path / "clone.git"), mask=str).code == code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("config", "code"),
    [
        ("[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nrefstorage = reftable\n", "storage_format"),
        ("[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectformat = sha256\n", "hash_algorithm"),
    ],
)
def test_a_repository_in_another_format_is_reported_and_no_paste_is_blamed(
    remote: Path, config: str, code: str
) -> None:
    (remote / "config").write_text(config)
    many.publish(3)

    schedule.work_off()

    mirror = Mirror.objects.get()
    assert mirror.error_code == code
    assert mirror_status.of(mirror).advice
    assert Change.objects.pending().count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.server
@pytest.mark.parametrize(("status", "code"), [(301, "relocated"), (308, "relocated"), (429, "rate_limited")])
def test_an_http_remote_that_moved_or_limits_requests_is_reported(settings: Settings, status: int, code: str) -> None:
    with GitHttp() as server:
        settings.GITSYNC_REMOTE, settings.GITSYNC_HTTP_TOKEN = server.url, server.token
        settings.GITSYNC_IS_DEFAULT_REMOTE = False
        server.answer(status, "https://elsewhere.example")
        many.publish(1)

        schedule.work_off()

    assert Mirror.objects.get().error_code == code
    assert Change.objects.pending().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_note_that_the_repository_has_moved_is_logged(remote: Path, caplog: pytest.LogCaptureFixture) -> None:
    many.hook(
        remote, "post-receive", "echo 'This repository moved. Please use the new location:'; echo '  git@h:new/x'"
    )
    many.publish(1)

    schedule.work_off()

    assert not Change.objects.pending().exists()
    assert "git@h:new/x" in caplog.text
