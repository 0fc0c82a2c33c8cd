"""The deploy key: generated once, or derived from a seed, readable by OpenSSH, and never overwritten."""

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from gitsync.errors import MisconfiguredError
from gitsync.remote import deploy_key, ssh

SEED = "correct horse battery staple, and then some"


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    """Return the configured path of the key, in a folder that does not exist yet."""
    settings.GITSYNC_SSH_KEY_FILE = tmp_path / "data" / "deploy_key"
    return tmp_path / "data" / "deploy_key"


def run(*options: str) -> str:
    """Run the command and return its output."""
    out = StringIO()
    call_command("deploy_key", *options, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def keygen(*arguments: str) -> str:
    """Run ssh-keygen and return its output."""
    return subprocess.run(["ssh-keygen", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_a_new_key_is_readable_by_its_owner_only_and_by_openssh(file: Path) -> None:
    line = run()

    assert file.stat().st_mode & 0o777 == 0o600
    assert line.startswith("ssh-ed25519 ")
    assert line.endswith(" pasteur")
    assert keygen("-y", "-f", str(file)) == line
    assert keygen("-l", "-f", str(file)).split()[1] == deploy_key.read(file).fingerprint
    assert file.with_name("deploy_key.pub").read_text() == f"{line}\n"
    assert ssh.key_problems(file) == ssh.unreadable_key_problems(file) == []


def test_an_existing_key_is_printed_and_never_overwritten(file: Path) -> None:
    line = run()
    before = file.read_bytes()

    assert run() == line
    assert file.read_bytes() == before


def test_keys_differ_without_a_seed(file: Path) -> None:
    line = run()
    file.unlink()

    assert run() != line


def test_a_seed_produces_the_same_file_every_time(file: Path, settings: Settings) -> None:
    settings.GITSYNC_SSH_SEED = SEED
    line = run()
    before = file.read_bytes()
    file.unlink()

    assert run() == line
    assert file.read_bytes() == before
    assert keygen("-y", "-f", str(file)) == line
    assert SEED.encode() not in before


def test_a_seed_produces_this_key_in_every_version() -> None:
    key = deploy_key.derive("0123456789abcdef" * 4)

    assert key.private_bytes_raw().hex() == "cde491d0dcfc0ae9e40c68952ffa79e5923328e128fe03523ad5f46bf4f812f4"


def test_a_key_that_was_not_derived_from_the_seed_is_reported_and_kept(file: Path, settings: Settings) -> None:
    run()
    before = file.read_bytes()
    settings.GITSYNC_SSH_SEED = SEED

    with pytest.raises(CommandError, match="not derived from GITSYNC_SSH_SEED"):
        run()

    assert file.read_bytes() == before


def test_a_short_seed_is_rejected() -> None:
    with pytest.raises(MisconfiguredError):
        deploy_key.derive("é" * 15)


@given(st.text(min_size=32))
def test_different_seeds_give_different_keys(seed: str) -> None:
    try:
        seed.encode()
    except UnicodeEncodeError:
        return
    assert deploy_key.derive(seed).private_bytes_raw() != deploy_key.derive(seed + "x").private_bytes_raw()


def test_a_file_that_is_not_a_key_is_reported(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("no key")

    with pytest.raises(CommandError, match="not a private key"):
        run()


def test_the_next_key_is_registered_first_and_then_takes_the_place_of_the_former(file: Path) -> None:
    former, following = run(), run("--next")
    assert former != following
    assert run("--next") == following
    assert run() == former

    assert run("--activate") == following

    assert run() == following
    assert file.with_name("deploy_key.pub").read_text() == f"{following}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("--activate") == former


def test_without_a_next_key_nothing_is_exchanged(file: Path) -> None:
    former = run()

    with pytest.raises(CommandError, match="--next"):
        run("--activate")

    assert run() == former


def test_a_new_seed_gives_the_next_key(file: Path, settings: Settings) -> None:
    settings.GITSYNC_SSH_SEED = SEED
    run()
    settings.GITSYNC_SSH_SEED = SEED[::-1]

    following = run("--next")
    run("--activate")

    assert run() == following
    assert file.exists()
