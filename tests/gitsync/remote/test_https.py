"""A remote over HTTP(S), with a real web server in front of git http-backend, and a token that is never exposed."""

import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import Error, run_checks
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from gitsync import checks
from gitsync.errors import (
    AccessDeniedError,
    CertificateError,
    GitsyncError,
    MisconfiguredError,
    RemoteRefusedError,
    RemoteTimeoutError,
    RemoteUnreachableError,
)
from gitsync.models import Change, Mirror
from gitsync.remote import git_remote
from gitsync.remote.git_remote import Remote
from gitsync.remote.https import Login, login_problems
from gitsync.remote_errors import RateLimitedError
from gitsync.sync import schedule
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests import many, repository
from tests.gitsync.remote.test_ssh import TEXTS
from tests.servers.git_http import GitHttp

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]


def configure_remote(server: GitHttp, settings: Settings, tmp_path: Path) -> GitHttp:
    """Configure a server as the remote."""
    settings.GITSYNC_REMOTE = server.url
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_HTTP_TOKEN = server.token
    settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    return server


@pytest.fixture
def over_http(settings: Settings, tmp_path: Path) -> Iterator[GitHttp]:
    """Return a server that is configured as the remote."""
    with GitHttp() as server:
        yield configure_remote(server, settings, tmp_path)


def test_pastes_arrive_byte_for_byte(over_http: GitHttp) -> None:
    pasted = {name: writing.publish(Draft([NewFile(text, name)])) for name, text in TEXTS.items()}
    large = writing.publish(Draft([NewFile("".join(f"{n * 7919}\n" for n in range(50_000)), "large.txt")]))

    drain()

    for name, paste in pasted.items():
        assert repository.text(over_http.repository, paste, name) == TEXTS[name].encode()
    assert len(repository.text(over_http.repository, large, "large.txt")) > 400_000
    assert not [message for message in run_checks() if isinstance(message, Error)]
    repository.assert_sound(over_http.repository)
    many.publish(1)
    assert drain().commits == 1


def test_the_token_is_in_no_command_line_log_file_row_or_page(
    over_http: GitHttp, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, admin_client: Client
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = tmp_path / "seen"
    look = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $f; echo; done"
    many.hook(
        over_http.repository, "pre-receive", f"{look} > {seen} 2>/dev/null; echo 'told {over_http.token}' >&2; exit 1"
    )
    many.publish(1)

    schedule.work_off()

    secrets = [over_http.token, Login("git", over_http.token).basic]
    row = Mirror.objects.get(remote=over_http.url)
    assert "git-remote-http" in seen.read_text()
    assert (row.error_code, "told ***" in row.error) == ("refused", True)
    for file in (path for path in settings.GITSYNC_CLONE_DIR.rglob("*") if path.is_file()):
        assert not any(secret.encode() in file.read_bytes() for secret in secrets), file
    pages = [f"/admin/gitsync/{page}" for page in ("mirror/", f"mirror/{row.pk}/change/", "change/")]
    shown = [admin_client.get(page).content.decode() for page in (*pages, "/readyz")]
    assert "told ***" in shown[1]
    with pytest.raises(SystemExit):
        call_command("mirror_status", stdout=(out := StringIO()))
    words = (out.getvalue(), row.error, row.remote, repr(Remote.configured()))
    for text in (seen.read_text(), caplog.text, *shown, *words):
        assert not any(secret in text for secret in secrets), text


def test_the_configured_proxy_is_used_and_the_one_in_the_environment_is_not(
    over_http: GitHttp, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    many.publish(1)
    with GitHttp() as proxy:  # The proxy refuses every request, and logs it.
        proxy.accept("another token")
        settings.GITSYNC_HTTP_PROXY = f"http://127.0.0.1:{proxy.port}"
        with pytest.raises(AccessDeniedError):
            drain()
        assert proxy.requests[0][0].startswith(over_http.url)
        assert over_http.requests == []
    settings.GITSYNC_HTTP_PROXY = ""

    assert drain().commits == 1


def test_the_token_does_not_follow_redirects(over_http: GitHttp) -> None:
    many.publish(1)
    with GitHttp() as elsewhere:
        over_http.answer(302, f"http://127.0.0.1:{elsewhere.port}")
        with pytest.raises(GitsyncError):
            drain()
        assert elsewhere.requests == []
    assert over_http.requests


def test_the_users_own_configuration_is_ignored(
    over_http: GitHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login git password {over_http.token}\n")
    (tmp_path / ".gitconfig").write_text("[http]\n\tproxy = http://127.0.0.1:1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("GIT_TRACE_CURL", "1")
    many.publish(1)
    settings.GITSYNC_HTTP_TOKEN = ""
    with pytest.raises(AccessDeniedError):
        drain()

    settings.GITSYNC_HTTP_TOKEN = over_http.token

    assert drain().commits == 1


def test_a_revoked_token_is_denied_and_a_new_one_catches_up(over_http: GitHttp, settings: Settings) -> None:
    over_http.accept("another-token")
    many.publish(2)
    with pytest.raises(AccessDeniedError) as caught:
        drain()
    assert "GITSYNC_HTTP_TOKEN" in caught.value.advice

    settings.GITSYNC_HTTP_TOKEN = "another-token"

    assert drain().commits == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, AccessDeniedError),
        (404, RemoteUnreachableError),
        (413, RemoteRefusedError),
        (429, RateLimitedError),
        (500, RemoteUnreachableError),
        (503, RemoteUnreachableError),
    ],
)
def test_server_errors_are_translated(over_http: GitHttp, status: int, kind: type[GitsyncError]) -> None:
    many.publish(1)
    over_http.answer(status)

    with pytest.raises(kind) as caught:
        drain()

    assert type(caught.value) is kind
    assert Change.objects.pending().count() == 1
    over_http.answer(None)
    assert drain().commits == 1


def test_a_read_only_repository_is_denied(over_http: GitHttp) -> None:
    repository.git(over_http.repository, "config", "http.receivepack", "false")
    many.publish(1)

    with pytest.raises(AccessDeniedError):
        drain()


def test_a_stopped_server_is_unreachable(over_http: GitHttp) -> None:
    over_http.kill()
    many.publish(1)

    with pytest.raises(RemoteUnreachableError):
        drain()


def test_a_silent_server_times_out(over_http: GitHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_remote, "LS_REMOTE_SECONDS", 1.0)
    many.publish(1)
    over_http.kill(signal.SIGSTOP)

    with pytest.raises(RemoteTimeoutError):
        drain()

    over_http.kill(signal.SIGCONT)


def test_a_self_signed_certificate_is_not_trusted(settings: Settings, tmp_path: Path) -> None:
    many.publish(1)
    with GitHttp(tls=True) as server:
        configure_remote(server, settings, tmp_path)

        with pytest.raises(CertificateError):
            drain()

        assert server.requests == []


def test_a_certificate_of_the_configured_authority_is_trusted(settings: Settings, tmp_path: Path) -> None:
    keys = many.publish(1)
    with GitHttp(tls=True) as server:
        configure_remote(server, settings, tmp_path)
        settings.GITSYNC_HTTP_CA_FILE = server.authority
        assert checks.check_remote() == []

        drain()

        assert repository.changes(server.repository) == [f"{keys[0]}.1"]


def test_a_certificate_of_another_authority_is_not_trusted(settings: Settings, tmp_path: Path) -> None:
    many.publish(1)
    with GitHttp(tls=True) as server, GitHttp(tls=True) as other:
        configure_remote(server, settings, tmp_path)
        settings.GITSYNC_HTTP_CA_FILE = other.authority

        with pytest.raises(CertificateError):
            drain()

        assert server.requests == []


@pytest.mark.parametrize("content", [None, "", "not a certificate\n", "-----BEGIN CERTIFICATE-----\nxx\n"])
def test_an_authority_that_cannot_be_read_is_e007(settings: Settings, tmp_path: Path, content: str | None) -> None:
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_REMOTE = "https://git.example.org/p.git"
    settings.GITSYNC_HTTP_CA_FILE = tmp_path / "authority.pem"
    if content is not None:
        settings.GITSYNC_HTTP_CA_FILE.write_text(content)

    (found,) = checks.check_remote()

    assert found.id == "gitsync.E007"
    assert str(settings.GITSYNC_HTTP_CA_FILE) in str(found)
    with pytest.raises(MisconfiguredError):
        drain()


def test_two_concurrent_writers_lose_nothing(over_http: GitHttp, settings: Settings, tmp_path: Path) -> None:
    pids = []
    many.publish(40)
    for number in range(2):
        settings.GITSYNC_CLONE_DIR = tmp_path / f"clone-{number}.git"
        pids.append(many.fork(many.drain_until_done))

    assert [many.wait(pid) for pid in pids] == [0, 0]
    assert sorted(repository.changes(over_http.repository)) == sorted(change.name for change in Change.objects.all())


@pytest.mark.parametrize(
    ("remote", "user", "token"),
    [
        ("http://git.example.org/p.git", "git", "geheim"),
        ("http://10.0.0.1/p.git", "git", "geheim"),
        ("https://git.example.org/p.git", "git", "ge heim"),
        ("https://git.example.org/p.git", "git", "geheim\r\nX-Other: 1"),
        ("https://git.example.org/p.git", "git:x", "geheim"),
        ("https://git.example.org/p.git", "git\n", "geheim"),
    ],
)
def test_a_token_that_cannot_be_sent_safely_is_e006_and_not_repeated(
    settings: Settings, remote: str, user: str, token: str
) -> None:
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_REMOTE, settings.GITSYNC_HTTP_USER, settings.GITSYNC_HTTP_TOKEN = remote, user, token

    (found,) = checks.check_remote()

    assert found.id == "gitsync.E006"
    assert token not in f"{found}"
    with pytest.raises(MisconfiguredError):
        drain()


@pytest.mark.parametrize("remote", ["http://127.0.0.1/p", "http://localhost:8080/p", "http://[::1]/p", "https://h/p"])
def test_a_token_is_only_sent_over_tls_or_within_the_machine(settings: Settings, remote: str) -> None:
    settings.GITSYNC_REMOTE = remote

    assert login_problems(Remote.configured().address, Login("git", "geheim")) == []


def test_the_token_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    program = "from pasteur_site import settings as s; print(s.GITSYNC_HTTP_USER, s.GITSYNC_HTTP_TOKEN)"
    told = {"GITSYNC_HTTP_TOKEN_FILE": str(tmp_path / "token"), "PASTEUR_DATA_DIR": str(tmp_path / "data")}

    shown = subprocess.run(
        [".venv/bin/python", "-c", program], env={"PATH": os.environ["PATH"], **told}, check=True, capture_output=True
    )

    assert shown.stdout == b"git from-a-file\n"
