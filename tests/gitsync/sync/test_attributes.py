"""The `.gitattributes` at the root: clones with other line endings have the bytes that were pasted."""

import subprocess
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.format.tree import ATTRIBUTES, KEEP_BYTES
from gitsync.models import Change
from gitsync.recovery import import_pasteur
from gitsync.sync import resync
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True)]

TEXTS = {"unix.txt": "a\nb\n", "windows.txt": "a\r\nb\r\n", "mixed.bat": "a\r\nb\n\r"}


def test_a_clone_that_converts_line_endings_has_the_bytes_that_were_pasted(remote: Path, tmp_path: Path) -> None:
    paste = writing.publish(Draft([NewFile(text, name) for name, text in TEXTS.items()]))
    drain()

    for option in ("core.autocrlf=true", "core.eol=crlf", "core.autocrlf=input"):
        clone = tmp_path / option
        subprocess.run(["git", "clone", "-q", "-c", option, str(remote), str(clone)], check=True)
        (folder,) = clone.glob(f"?/?/?/{paste.key}")
        assert {name: (folder / name).read_bytes().decode() for name in TEXTS} == TEXTS
        assert not subprocess.run(["git", "-C", str(clone), "status", "-s"], check=True, capture_output=True).stdout
    assert resync.look().is_clean


def test_a_mirror_without_the_file_gets_it_with_the_next_commit_and_no_paste_comes_of_it(remote: Path) -> None:
    many.publish(2)
    drain()
    with_file = repository.tip(remote)
    tree = repository.git(remote, "ls-tree", with_file).decode().splitlines(keepends=True)
    listing = "".join(row for row in tree if ATTRIBUTES not in row).encode()
    tree_oid = repository.git(remote, "mktree", stdin=listing).decode().strip()
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    commit = (
        repository.git(remote, *identity, "commit-tree", tree_oid, "-p", with_file, "-m", "without").decode().strip()
    )
    repository.git(remote, "update-ref", "refs/heads/main", commit)
    assert resync.look().is_clean
    drain()
    assert repository.tip(remote) == commit

    many.publish(1)
    assert drain().commits == 1

    assert repository.git(remote, "show", f"main:{ATTRIBUTES}") == KEEP_BYTES
    assert Paste.objects.count() == 3
    assert not Change.objects.pending().exists()
    assert resync.look().is_clean
    assert ATTRIBUTES not in import_pasteur.import_from(str(remote), "main").skipped


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"* text=auto", b"* text=auto\n* -text\n"),
        (b"*.py diff=python\n* -text\n", b"*.py diff=python\n* -text\n"),
        (b"", b"* -text\n"),
    ],
)
def test_the_rule_is_added_behind_what_others_wrote(
    remote: Path, tmp_path: Path, settings: Settings, content: bytes, expected: bytes
) -> None:
    many.publish(1)
    drain()
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "-q", str(remote), str(work)], check=True)
    (work / ATTRIBUTES).write_bytes(content)
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "commit", "-qam", "rules"], check=True)
    subprocess.run([*git, "push", "-q"], check=True)
    drain()
    many.publish(1)

    drain()

    assert repository.git(remote, "show", f"main:{ATTRIBUTES}") == expected
    assert Paste.objects.count() == 2
    assert resync.look().is_clean
