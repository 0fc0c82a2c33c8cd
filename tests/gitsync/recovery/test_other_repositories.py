"""Reading another repository: the token and the deploy key are sent only to the configured remote's host."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gitsync.errors import MisconfiguredError
from gitsync.remote import addresses
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.recovery.test_restore import clear_database
from tests.servers.git_http import GitHttp
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]
READING = [("restore_from_git", "--from"), ("import_pasteur",)]


@pytest.fixture
def over_http(settings: Settings, tmp_path: Path) -> Iterator[GitHttp]:
    """Return a server that is configured as the remote, with its token."""
    with GitHttp() as server:
        settings.GITSYNC_REMOTE = server.url
        settings.GITSYNC_IS_DEFAULT_REMOTE = False
        settings.GITSYNC_HTTP_TOKEN = server.token
        settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
        yield server


@pytest.mark.parametrize("command", READING)
def test_the_token_is_not_sent_to_another_host(over_http: GitHttp, command: tuple[str, ...]) -> None:
    with GitHttp() as stranger:
        with pytest.raises(CommandError):
            call_command(*command, stranger.url)

        assert stranger.requests
        assert {token for _, token in stranger.requests} == {""}
    assert over_http.requests == []


def test_the_token_is_sent_for_another_repository_on_the_same_host(over_http: GitHttp) -> None:
    many.publish(2)
    drain()
    clear_database()

    call_command("restore_from_git", "--from", over_http.url.replace("/pastes.git", "//pastes.git"))

    assert Paste.objects.count() == 2


def test_the_branches_of_a_server_are_listed(over_http: GitHttp, settings: Settings) -> None:
    many.publish(1)
    drain()
    repository.git(over_http.repository, "symbolic-ref", "HEAD", "refs/heads/main")
    repository.git(over_http.repository, "update-ref", "refs/heads/other", "main")
    out = StringIO()

    with pytest.raises(SystemExit):  # The mirror's files are skipped.
        call_command("import_pasteur", over_http.url, stdout=out)
    settings.GITSYNC_BRANCH = "mian"
    with pytest.raises(CommandError, match="it has main, other\n"):
        call_command("restore_from_git")

    assert f"main at {repository.tip(over_http.repository)[:10]}" in out.getvalue()


@pytest.mark.parametrize("command", READING)
def test_the_deploy_key_is_not_used_for_another_host(over_ssh: Sshd, command: tuple[str, ...]) -> None:
    with Sshd() as stranger:
        stranger.authorized_keys.write_text(over_ssh.key_file.with_suffix(".pub").read_text())  # It accepts the key.
        over_ssh.known_hosts_file.write_text(
            over_ssh.known_hosts_file.read_text() + stranger.known_hosts_file.read_text()
        )

        with pytest.raises(CommandError, match="git clone --mirror"):
            call_command(*command, stranger.url)

        assert "Accepted" not in stranger.log_tail()
        assert "onnection from" not in stranger.log_tail()


def test_the_deploy_key_opens_another_repository_on_the_same_host(over_ssh: Sshd) -> None:
    many.publish(2)
    drain()
    clear_database()

    call_command("restore_from_git", "--from", over_ssh.url.replace("/pastes.git", "//pastes.git"))

    assert Paste.objects.count() == 2


@pytest.mark.parametrize(
    ("configured", "other", "is_same"),
    [
        ("https://git.example.org/a.git", "https://git.example.org/b.git", True),
        ("https://git.example.org/a.git", "https://GIT.example.org:443/b.git", True),
        ("https://git.example.org/a.git", "http://git.example.org/b.git", False),
        ("https://git.example.org/a.git", "https://git.example.org:8443/b.git", False),
        ("https://git.example.org/a.git", "https://git.example.org.evil.example/b.git", False),
        ("git@git.example.org:a.git", "ssh://git@git.example.org/b.git", True),
        ("git@git.example.org:a.git", "ssh://git@git.example.org:2222/b.git", False),
        ("git@git.example.org:a.git", "git@evil.example:a.git", False),
        ("/srv/a.git", "git@git.example.org:a.git", False),
        ("/srv/a.git", "https://git.example.org/a.git", False),
    ],
)
def test_what_counts_as_the_same_host(
    settings: Settings, tmp_path: Path, configured: str, other: str, is_same: bool
) -> None:
    settings.GITSYNC_REMOTE = configured
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_HTTP_TOKEN = "geheim"
    settings.GITSYNC_SSH_KEY_FILE = tmp_path / "deploy_key"

    found = Remote.configured().at(addresses.parse(other))

    assert (found.login.token, found.key_file) == (("geheim", tmp_path / "deploy_key") if is_same else ("", None))
    if not is_same and found.address.transport == "ssh":
        with pytest.raises(MisconfiguredError):
            found.tip(Repository.open(tmp_path / "clone.git"))
