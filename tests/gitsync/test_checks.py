"""Checks of the mirror's settings: each invalid one has an id and a hint, and neither contains a secret."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.core.checks import CheckMessage, Error, run_checks
from pytest_django.fixtures import Settings

from gitsync import checks
from gitsync.remote import deploy_key


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Return a valid deploy key."""
    file = tmp_path / "deploy_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file


@pytest.fixture
def known_hosts(tmp_path: Path) -> Path:
    """Return a file that pins one host."""
    file = tmp_path / "known_hosts"
    file.write_text("host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPmNLnGkfIvHzU8bC8sYw1k7qkQzG1q8f3i0Vx8wZb3v\n")
    return file


@pytest.fixture
def over_ssh(settings: Settings, key_file: Path, known_hosts: Path) -> Settings:
    """Return settings for a remote over SSH in which everything is valid."""
    settings.GITSYNC_REMOTE = "git@host:pastes.git"
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_SSH_KEY_FILE = key_file
    settings.GITSYNC_SSH_KNOWN_HOSTS_FILE = known_hosts
    return settings


def assert_is(found: Sequence[CheckMessage], id_: str, *words: str) -> None:
    """Fail unless exactly this error was found, with a hint that contains these words."""
    assert [message.id for message in found] == [id_]
    assert isinstance(found[0], Error)
    assert found[0].hint
    for word in words:
        assert word in found[0].msg


def test_the_defaults_have_no_errors() -> None:
    assert checks.check_remote() == checks.check_branch() == []


def test_every_command_runs_the_checks(settings: Settings) -> None:
    settings.GITSYNC_REMOTE = "http://169.254.169.254"
    settings.GITSYNC_BRANCH = "--force"

    assert {"gitsync.E001", "gitsync.E005"} <= {message.id for message in run_checks()}


@pytest.mark.parametrize(
    "remote",
    [
        "ext::sh -c id",
        "file:///etc",
        "--upload-pack=id",
        "http://169.254.169.254",
        "https://u:geheim@host/p",
        "ssh://u:geheim@h/p",
    ],
)
def test_an_invalid_remote_is_e001(settings: Settings, remote: str) -> None:
    settings.GITSYNC_REMOTE = remote

    found = checks.check_remote()

    assert_is(found, "gitsync.E001", "GITSYNC_REMOTE")
    assert "geheim" not in f"{found}"


def test_a_path_without_a_repository_is_e002(settings: Settings, tmp_path: Path) -> None:
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    for path in (tmp_path / "nothing", tmp_path, Path("/etc/passwd")):
        settings.GITSYNC_REMOTE = str(path)
        found = checks.check_remote()
        assert_is(found, "gitsync.E002", "GITSYNC_REMOTE")
        assert f"git init --bare --initial-branch=main {path}" in str(found[0].hint)


@pytest.mark.parametrize("arguments", [["--bare"], []], ids=["bare", "with_files"])
def test_a_path_with_a_repository_has_no_error(settings: Settings, tmp_path: Path, arguments: list[str]) -> None:
    subprocess.run(["git", "init", "--quiet", *arguments, str(tmp_path / "r")], check=True)
    settings.GITSYNC_IS_DEFAULT_REMOTE = False
    settings.GITSYNC_REMOTE = str(tmp_path / "r")

    assert checks.check_remote() == []


def test_a_key_and_a_pinned_host_have_no_error(over_ssh: Settings) -> None:
    assert checks.check_remote() == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_can_read_is_e003_with_file_and_mode(over_ssh: Settings, key_file: Path, mode: int) -> None:
    key_file.chmod(mode)

    assert_is(checks.check_remote(), "gitsync.E003", str(key_file), "0600")


def test_a_missing_key_is_e003(over_ssh: Settings, tmp_path: Path) -> None:
    for key, word in ((tmp_path / "nothing", "nothing"), (None, "GITSYNC_SSH_KEY_FILE"), (tmp_path, str(tmp_path))):
        over_ssh.GITSYNC_SSH_KEY_FILE = key
        assert_is(checks.check_remote(), "gitsync.E003", word)


def test_a_key_with_a_passphrase_is_e003(over_ssh: Settings, key_file: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "geheim", "-f", str(key_file)], check=True)

    assert_is(checks.check_remote(), "gitsync.E003", "passphrase")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.rstrip(b"\n"), "trailing newline"),
        (lambda content: content.replace(b"\n", b"\r\n"), "Windows line endings"),
        (lambda content: content[:-90] + b"\n", "not a private key"),
    ],
    ids=["no_last_newline", "windows", "cut"],
)
def test_a_key_that_only_openssh_cannot_read_is_e003(
    over_ssh: Settings, key_file: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    key_file.write_bytes(change(key_file.read_bytes()))

    assert_is(checks.check_remote(), "gitsync.E003", str(key_file), words)


@pytest.mark.parametrize("kind", ["PEM", "PKCS8", "RFC4716"])
@pytest.mark.parametrize("algorithm", ["rsa", "ecdsa"])
def test_keys_in_all_openssh_formats_have_no_error(
    over_ssh: Settings, tmp_path: Path, kind: str, algorithm: str
) -> None:
    file = tmp_path / "another_key"
    make = ["ssh-keygen", "-q", "-t", algorithm, "-m", kind, "-N", "", "-f", str(file)]
    subprocess.run(make, check=True)
    over_ssh.GITSYNC_SSH_KEY_FILE = file

    assert checks.check_remote() == []
    assert deploy_key.read(file).line.split()[:2] == file.with_suffix(".pub").read_text().split()[:2]


@pytest.mark.parametrize("content", ["", "no key at all\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n"])
def test_a_file_that_is_not_a_key_is_e003(over_ssh: Settings, key_file: Path, content: str) -> None:
    key_file.write_text(content)

    assert_is(checks.check_remote(), "gitsync.E003", str(key_file))


@pytest.mark.parametrize("content", ["", "\n\n", "# only words\n"])
def test_an_empty_known_hosts_file_is_e004(over_ssh: Settings, known_hosts: Path, content: str) -> None:
    known_hosts.write_text(content)

    assert_is(checks.check_remote(), "gitsync.E004", str(known_hosts))


def test_a_missing_known_hosts_file_is_e004(over_ssh: Settings, tmp_path: Path) -> None:
    for file, word in ((tmp_path / "nothing", "nothing"), (None, "GITSYNC_SSH_KNOWN_HOSTS_FILE")):
        over_ssh.GITSYNC_SSH_KNOWN_HOSTS_FILE = file
        assert_is(checks.check_remote(), "gitsync.E004", word)


def test_a_missing_key_and_a_missing_known_hosts_file_are_reported_together(over_ssh: Settings) -> None:
    over_ssh.GITSYNC_SSH_KEY_FILE = over_ssh.GITSYNC_SSH_KNOWN_HOSTS_FILE = None

    assert [message.id for message in checks.check_remote()] == ["gitsync.E003", "gitsync.E004"]


@pytest.mark.parametrize("branch", ["main", "pastes/main", "v1.0", "a_b-c", "x" * 200])
def test_a_branch_name_that_git_accepts_has_no_error(settings: Settings, branch: str) -> None:
    settings.GITSYNC_BRANCH = branch

    assert checks.check_branch() == []
    assert subprocess.run(["git", "check-ref-format", f"refs/heads/{branch}"], check=False).returncode == 0


@pytest.mark.parametrize(
    "branch",
    [
        *(
            "",
            "-x",
            "--force",
            "a..b",
            "a b",
            "a~b",
            "a^b",
            "a:b",
            "a?b",
            "a*b",
            "a[b",
            "a\\b",
            "a@{b",
            "/a",
            "a/",
            "a//b",
        ),
        *(".a", "a/.b", "a.", "a.lock", "a.lock/b", "a\nb", "a\0b", "a\x7f", "+a", "refs/heads/..", "main\n", "@"),
    ],
    ids=ascii,
)
def test_a_branch_name_that_git_rejects_is_e005(settings: Settings, branch: str) -> None:
    settings.GITSYNC_BRANCH = branch

    assert_is(checks.check_branch(), "gitsync.E005", "GITSYNC_BRANCH")
